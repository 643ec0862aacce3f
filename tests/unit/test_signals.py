"""The exit code when a signal comes together with something else, in process."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading

import pytest

from tap_incident.signals import signals_caught
from tests.conftest import Printed
from tests.fake_api import FakeApi, organisation
from tests.support.runs import only


class Out:
    """A stdout during whose last flush a signal comes, and then this error."""

    def __init__(self, number: signal.Signals, error: Exception | None) -> None:
        self.number, self.error = number, error
        self.text = ""
        self.is_over = False

    def write(self, text: str) -> None:
        """Keep the text."""
        self.text += text

    def flush(self) -> None:
        """Raise the signal after the last STATE, but only once: a second one would end this process."""
        if '{"bookmarks":{}}' in self.text and not self.is_over:
            self.is_over = True
            signal.raise_signal(self.number)
            if self.error:
                raise self.error


ERRORS = {
    "none": None,
    "the target dies too": BrokenPipeError(),
    "the disk is full": OSError(errno.ENOSPC, "No space left on device"),
    "an error of an unknown kind": RuntimeError("nobody foresaw this"),
}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS.keys())
def test_signal_decides_the_exit_code_together_with_any_error(
    printed: Printed,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    number: signal.Signals,
    error: Exception | None,
) -> None:
    monkeypatch.setattr(sys, "stdout", Out(number, error))
    with FakeApi(organisation(1)) as fake:
        code, _, _ = printed(fake, catalog=only("severities"))
    assert code == {signal.SIGINT: 130, signal.SIGTERM: 143}[number]
    assert f"Stopped by {number.name}" in caplog.records[-1].getMessage()


def test_signal_while_the_main_thread_holds_the_lock_of_stop_ends_the_process() -> None:
    # `Event.set` takes a lock that is not reentrant, and the end of a run calls it in the main thread.
    child = os.fork()
    if child == 0:
        stop = threading.Event()
        with signals_caught(stop), stop._cond:  # type: ignore[attr-defined]
            os.kill(os.getpid(), signal.SIGTERM)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 143
