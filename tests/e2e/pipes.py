"""A run as users have it: the installed tap, piped into a loader."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.fake_api import FakeApi
from tests.support.runs import KEY, Run, check

SECONDS = 120


@dataclass(frozen=True)
class Piped:
    """What the tap wrote, and what came of it."""

    run: Run
    """Messages with their numbers as they were written: those with a point or an exponent are Decimal."""
    target_code: int
    printed: str
    """The target's stdout."""
    said: str
    """Both programs' stderr."""

    def succeeded(self) -> Piped:
        """Itself, if both programs ended well."""
        assert (self.run.code, self.target_code) == (0, 0), self.said[-5000:]
        check(self.run)
        return self

    def loaded(self) -> Piped:
        """Itself, if both programs ended well and the last state that the target printed is the tap's last."""
        self.succeeded()
        assert json.loads(self.printed.splitlines()[-1]) == self.run.states()[-1]
        return self


def exact(text: str) -> Any:
    """JSON with numbers as they are written, and not as a float has them."""
    return json.loads(text, parse_float=Decimal)


def pipe(tap: Sequence[str], target: Sequence[str], api: FakeApi, folder: Path) -> Piped:
    """Run `tap | tee | target` in `folder`, the tap against `api`; all have to end within two minutes."""
    with ExitStack() as stack:
        names = ("messages", "printed", "tap.err", "target.err")
        messages, printed, tap_said, target_said = paths = [folder / name for name in names]
        _, out, tap_err, target_err = (stack.enter_context(path.open("wb")) for path in paths)
        environ = {**os.environ, "INCIDENT_API_KEY": KEY, "INCIDENT_ENDPOINT": api.url}
        source = _start(stack, tap, stdout=subprocess.PIPE, stderr=tap_err, env=environ, cwd=folder)
        tee = _start(stack, [_TEE, str(messages)], stdin=source.stdout, stdout=subprocess.PIPE)
        sink = _start(stack, target, stdin=tee.stdout, stdout=out, stderr=target_err, cwd=folder)
        for process in (source, tee):
            # The next one has it now; with a second reader here, a target that dies would never be noticed.
            assert process.stdout is not None
            process.stdout.close()
        code, _, target_code = (process.wait(SECONDS) for process in (source, tee, sink))
    lines = messages.read_text("utf-8").split("\n")
    whole = [exact(line) for line in lines[:-1]]
    said = tap_said.read_text("utf-8") + target_said.read_text("utf-8")
    return Piped(Run(code, whole), target_code, printed.read_text("utf-8"), said)


_TEE = shutil.which("tee") or "tee"


def _start(stack: ExitStack, command: Sequence[str], **settings: Any) -> subprocess.Popen[bytes]:
    process = stack.enter_context(subprocess.Popen(command, **settings))
    # Before leaving waits for it; for one that has ended this does nothing.
    stack.callback(process.kill)
    return process
