"""Runs of the tap in this process, each against the world of its sequence, and ended as its step says."""

from __future__ import annotations

import io
import json
import signal
import threading
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from tap_incident import main
from tests.fake_api import FakeApi
from tests.soak.steps import DEFAULTS, Settings, Step
from tests.soak.world import NESTED, World
from tests.support.runs import KEY, catalog_with, set_field


class Killed(BaseException):
    """SIGKILL: whatever was not out by then never will be."""


class Pipe(io.RawIOBase):
    """The tap's stdout. Once `at` lines are out, it does what `ends` says, and nothing more comes through."""

    def __init__(self, ends: str, at: int) -> None:
        self._ends, self._at = ends, at
        self._bytes = bytearray()
        self.cut = False
        """True if it did what `ends` says."""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        if self.cut and self._ends != "stopped":
            return len(piece)
        self._bytes += piece
        if self._ends and not self.cut and self._bytes.count(b"\n") >= self._at:
            self._cut()
        return len(piece)

    def _cut(self) -> None:
        self.cut = True
        if self._ends == "stopped":
            signal.raise_signal(signal.SIGTERM)
            return
        lines = bytes(self._bytes).split(b"\n")
        # What a kill leaves of the line under way is half of it.
        rest = lines[self._at] if self._at < len(lines) else b""
        self._bytes[:] = b"".join(line + b"\n" for line in lines[: self._at]) + rest[: len(rest) // 2]
        raise Killed if self._ends == "killed" else BrokenPipeError

    def lines(self) -> list[str]:
        """The whole lines that came through."""
        return bytes(self._bytes).decode().split("\n")[:-1]


@dataclass(frozen=True)
class Outcome:
    """What is left of a run: its exit code (None if it was killed), its lines, and whether its stdout was cut.

    `mistakes` are the log lines about errors that the tap did not expect.
    """

    code: int | None
    lines: list[str]
    cut: bool
    mistakes: list[str]


def run_tap(api: FakeApi, world: World, step: Step, state: Any, folder: Path) -> Outcome:
    """One run. Files go to `folder`. Must be called in the main thread if the step sends a signal."""
    pipe, said = Pipe(step.ends, step.at), io.StringIO()
    out = io.TextIOWrapper(io.BufferedWriter(pipe, 1 << 16), encoding="utf-8", newline="\n")
    settings, arguments = step.settings, list[str]()
    files = {"config": json.dumps(_config(api, settings))}
    if (settings.streams, settings.parts) != (DEFAULTS, tuple(NESTED)):
        files["catalog"] = _catalog(settings.streams, settings.parts)
    if state is not None:
        files["state"] = json.dumps(state)
    for name, content in files.items():
        path = folder / f"{name}.json"
        path.write_text(content)
        path.chmod(0o600)
        arguments += [f"--{name}", str(path)]
    code: int | None = None
    earlier = {*threading.enumerate()}
    with redirect_stderr(said):
        with redirect_stdout(out), suppress(Killed):
            code = main(arguments, clock=lambda: world.now)
            # A process flushes at its end.
            with suppress(BrokenPipeError):
                out.flush()
        for thread in {*threading.enumerate()} - earlier:
            # Requests under way must not count for the next run.
            if thread.name in ("reader", "children"):
                thread.join(5)
    code = None if pipe.cut and step.ends == "killed" else code
    mistakes = [line for line in said.getvalue().splitlines() if "A mistake in the tap" in line]
    return Outcome(code, pipe.lines(), pipe.cut, mistakes)


def _config(api: FakeApi, settings: Settings) -> dict[str, Any]:
    return {
        "api_key": KEY,
        "endpoint": api.url,
        "incident_modes": list(settings.modes),
        "replication_method": "INCREMENTAL" if settings.incremental else "FULL_TABLE",
        "activate_version": settings.activate,
        "child_strategy": settings.strategy,
        "max_concurrency": settings.concurrency,
    }


@lru_cache(maxsize=64)
def _catalog(streams: tuple[str, ...], parts: tuple[str, ...]) -> str:
    # Selected by default, not by the user: then a missing permission is no failure.
    catalog = catalog_with(lambda _, metadata: metadata.update({"selected-by-default": True}), streams)
    for part in NESTED.keys() - {*parts} if "incidents" in streams else ():
        set_field(catalog, "incidents", "properties", part, selected=False)
    return json.dumps(catalog)
