"""The exit code when a signal comes together with something else, in process."""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tap_incident import main
from tap_incident.signals import signals_caught
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.runs import KEY, only

EACH = pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])


class Out:
    """A stdout during whose last flush a signal comes, and then this error."""

    def __init__(self, number: signal.Signals | None, error: Exception | None = None) -> None:
        self.number = number
        self.error = error
        self.text = ""

    def write(self, text: str) -> None:
        """Keep the text."""
        self.text += text

    def flush(self) -> None:
        """Raise the signal after the last STATE."""
        if '{"bookmarks":{}}' in self.text or "schema" not in self.text:
            # Only once: a second signal would end this process.
            number, error, self.number, self.error = self.number, self.error, None, None
            if number:
                signal.raise_signal(number)
            if error:
                raise error


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run `main` with this stdout, against a stand-in that gives each answer this fault."""

    def run(out: Out, fault: Fault | None = None) -> int:
        (tmp_path / "catalog.json").write_text(json.dumps(only("severities")))
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setenv("INCIDENT_API_KEY", KEY)
        with FakeApi(organisation(1), faults=(lambda *_: fault) if fault else None) as fake:
            monkeypatch.setenv("INCIDENT_ENDPOINT", fake.url)
            return main(["--catalog", str(tmp_path / "catalog.json")])

    return run


ERRORS = {
    "none": None,
    "the target dies too": BrokenPipeError(),
    "the disk is full": OSError(errno.ENOSPC, "No space left on device"),
    "an error of an unknown kind": RuntimeError("nobody foresaw this"),
}


@EACH
@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS.keys())
def test_signal_decides_the_exit_code_together_with_any_error(
    run: Callable[..., int],
    caplog: pytest.LogCaptureFixture,
    number: signal.Signals,
    code: int,
    error: Exception | None,
) -> None:
    assert run(Out(number, error)) == code
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
