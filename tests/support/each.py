"""One test for many values, where a test per value would take longer to collect than to run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from tap_incident.streams import STREAMS

T = TypeVar("T")
Check = Callable[[T], None]


def for_each(values: Iterable[T], shown: Callable[[T], object] = str) -> Callable[[Check[T]], Callable[[], None]]:
    """Turn a check of one value into a test of all values. If it fails, it says for which value."""

    def turned(check: Check[T]) -> Callable[[], None]:
        def test() -> None:
            for value in values:
                try:
                    check(value)
                except Exception as error:
                    raise AssertionError(f"for {shown(value)}: {error}") from error

        test.__name__, test.__doc__, test.__module__ = check.__name__, check.__doc__, check.__module__
        return test

    return turned


EACH_STREAM = for_each(STREAMS, lambda stream: stream.name)
