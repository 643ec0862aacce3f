"""Runs of the tap in this process, each against the world of its sequence, and ended as its step says."""

from __future__ import annotations

import io
import json
import logging
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass
from email.message import Message
from functools import cache
from pathlib import Path
from typing import Any

from tap_incident import main
from tap_incident.protocol.catalog import discover
from tests.fake_api import FakeApi, Organisation
from tests.fake_api.server import Faults
from tests.fake_api.wire import Answer
from tests.soak.steps import Settings, Step
from tests.soak.world import World
from tests.support.runs import KEY, bare


class Killed(BaseException):
    """SIGKILL: whatever was not out by then never will be."""


class ShortPages(FakeApi):
    """A stand-in that gives at most `page_size` rows a page, whatever it is asked for. The API may do that."""

    def __init__(self, org: Organisation, page_size: int, faults: Faults) -> None:
        super().__init__(org, faults=faults)
        self._page_size = page_size

    def __enter__(self) -> ShortPages:
        self.start()
        return self

    def handle(self, method: str, target: str, headers: Message[str, str]) -> Answer:
        return super().handle(method, re.sub(r"page_size=\d+", f"page_size={self._page_size}", target), headers)


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
    """What is left of a run: its exit code (None if it was killed), its lines, and whether the loader died."""

    code: int | None
    lines: list[str]
    loader_died: bool
    cut: bool


def run_tap(api: FakeApi, world: World, step: Step, state: Any, folder: Path) -> Outcome:
    """One run. Files go to `folder`. Must be called in the main thread if the step sends a signal."""
    pipe = Pipe(step.ends, step.at)
    out = io.TextIOWrapper(io.BufferedWriter(pipe, 1 << 16), encoding="utf-8", newline="\n")
    files = {"config": json.dumps(_config(api, step.settings)), "catalog": _catalog(step.settings)}
    if state is not None:
        files["state"] = json.dumps(state)
    arguments = []
    for name, text in files.items():
        path = folder / f"{name}.json"
        path.write_text(text)
        path.chmod(0o600)
        arguments += [f"--{name}", str(path)]
    code: int | None = None
    with _quiet(), redirect_stdout(out), suppress(Killed):
        code = main(arguments, clock=lambda: world.now)
        # A process flushes at its end.
        with suppress(BrokenPipeError):
            out.flush()
    for thread in threading.enumerate():
        # Requests under way must not count for the next run.
        if thread.name.startswith("fetch"):
            thread.join(5)
    return Outcome(
        None if pipe.cut and step.ends == "killed" else code, pipe.lines(), step.ends == "loader died", pipe.cut
    )


def _config(api: FakeApi, settings: Settings) -> dict[str, Any]:
    return {
        "api_key": KEY,
        "endpoint": api.url,
        "incident_modes": list(settings.modes),
        "replication_method": "INCREMENTAL" if settings.incremental else "FULL_TABLE",
        "activate_version": settings.activate,
        "child_strategy": "list" if settings.by_list else "per_incident",
        "max_concurrency": settings.concurrency,
    }


def _catalog(settings: Settings) -> str:
    return _catalog_of(settings.streams, settings.nested)


@cache
def _catalog_of(streams: tuple[str, ...], nested: bool) -> str:
    catalog = _everything() if nested else bare(_everything())
    entries = [entry for entry in catalog["streams"] if entry["tap_stream_id"] in streams]
    for entry in entries:
        root = next(m["metadata"] for m in entry["metadata"] if not m["breadcrumb"])
        # Selected by default, not by the user: then a missing permission is no failure.
        root["selected-by-default"] = True
    return json.dumps({"streams": entries})


@cache
def _discovered() -> str:
    return json.dumps(discover())


def _everything() -> Any:
    return json.loads(_discovered())


@contextmanager
def _quiet() -> Iterator[None]:
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
