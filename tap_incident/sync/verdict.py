"""Whether a run has read all that was asked for: exit code 0, or the error that it ends with."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tap_incident.errors import Gone, TapError
from tap_incident.streams import BY_NAME
from tap_incident.sync.problems import Problems, Status


def raise_failures(problems: Problems, selected: Collection[str]) -> None:
    """Raise TapError if something that was asked for could not be read. `selected` are the selected streams."""
    failures = [
        *problems.errors.values(),
        *_of_parents(problems),
        *_before(problems, selected),
        *_refused(problems, selected),
    ]
    if not failures:
        return
    rest = "Everything else was read" if problems.has_read else "Nothing was read"
    first, *others = failures
    also = f". More problems are in the lines above: {len(others)}" if others else ""
    raise TapError(f"{first}{also}. {rest}", advice=first.advice)


def _of_parents(problems: Problems) -> Iterator[TapError]:
    for name, known in problems.parents.items():
        stream = BY_NAME[name]
        missing, of = ("rows", "parents") if stream.parent.stream else ("details", "rows")
        named = ", ".join([*known.failed, *(["..."] if known.missing > len(known.failed) else [])])
        if known.missing and name not in problems.errors:
            yield TapError(
                f"{name}: the {missing} of {known.missing:,} of {known.asked:,} {of} are missing ({named}), first "
                f"because of: {known.error}",
                advice="Run again later, use a key that may read them, or deselect the stream",
            )
        if known.all_gone:
            path = stream.path if stream.parent.stream or not stream.detail else stream.detail.path
            yield Gone(f"{name}: every one of {known.gone:,} requests to {path} was answered with 404")


def _before(problems: Problems, selected: Collection[str]) -> Iterator[TapError]:
    """What an interrupted run left out. A stream that this run skips too is no failure because of that."""
    for name in sorted(problems.unread_before):
        if problems.status(name) is None:
            parent = BY_NAME[name].parent
            what = name if name in selected else f"{parent.stream}.{parent.nested_as}"
            text = f"{what}: rows are missing that the interrupted run could not read"
            yield TapError(text, advice="Run again: the next run reads them")


def _refused(problems: Problems, selected: Collection[str]) -> Iterator[TapError]:
    if problems.explicit:
        yield TapError(
            f"The key may not read all that is selected: {', '.join(problems.explicit)} (see the warnings above)",
            advice="Use a key with these permissions, or deselect them",
        )
    elif not problems.errors and selected and problems.names(Status.SKIPPED).issuperset(selected):
        yield TapError(
            "Nothing could be read: the key lacks the permissions for all selected streams (see the warnings above)",
            advice="Use a key with these permissions",
        )
