"""Processes that are killed, and two processes that share a key."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.fake_api import FakeApi, Fault, organisation
from tests.support.faults import port_of
from tests.support.processes import TAP, until
from tests.support.runs import KEY, Json, bare, key_of, only, there

pytestmark = pytest.mark.slow

SELECTED = ("incidents", "actions", "alerts", "escalations")
PAGED = ("/v2/incidents", "/v2/alerts", "/v2/escalations")


class Kill:
    """Faults that kill the tap while it waits for the second page of PAGED after one whose STATE is out."""

    def __init__(self, out: Path, state: Json) -> None:
        self.out = out
        self._state = json.dumps(state)
        self.tap: subprocess.Popen[bytes] | None = None
        self._before: dict[str, str] = {}
        self._left = [True]  # Several threads ask at once, so it has to be taken in one step.

    def __call__(self, number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        if self.tap is None or path not in PAGED or params.get("after", "") in self._state:
            return None
        # The STATE of a page with children comes once many rows of the next page are there.
        before, self._before[path] = self._before.get(path), params["after"]
        if before is None or not self._left:
            return None
        self._left.clear()
        until(lambda: f'"after":"{before}"' in self.out.read_text())
        self.tap.send_signal(signal.SIGKILL)
        return Fault(reset=True)


def start(folder: Path, fake: FakeApi, state: Json, **settings: object) -> subprocess.Popen[bytes]:
    """The tap as a process that writes into `folder`/out."""
    command = [*TAP]
    files = {"config": {"api_key": KEY, "endpoint": fake.url, **settings}, "catalog": bare(only(*SELECTED))}
    for name, content in {**files, "state": state}.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
        command += [f"--{name}", str(folder / f"{name}.json")]
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    environ["SQLITE_TMPDIR"] = str(folder)
    with (folder / "out").open("wb") as out:
        return subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, env=environ)


def whole_lines(folder: Path) -> list[Json]:
    """The messages of a tap that may have been killed while it wrote one."""
    *whole, _ = (folder / "out").read_text().split("\n")
    return [json.loads(line) for line in whole]


@pytest.mark.parametrize("strategy", ["per_incident", "list"])
def test_kill_at_every_page_loses_no_row(tmp_path: Path, strategy: str) -> None:
    org = organisation(320, rows_per_page=50)
    came: Counter[tuple[str, ...]] = Counter()
    state: Json = {}
    port = 0
    kept: list[Json] = []
    code = -signal.SIGKILL
    while code:
        kill = Kill(tmp_path / "out", state)
        with FakeApi(org, faults=kill, port=port) as fake:
            port = port_of(fake)
            kill.tap = start(tmp_path, fake, state, child_strategy=strategy, max_concurrency=8)
            code = kill.tap.wait(60)
            # How often it can be killed depends on which pages had come before.
            assert code == -signal.SIGKILL or (code == 0 and kept)
        messages = whole_lines(tmp_path)
        came.update((m["stream"], *key_of(m["stream"], m["record"])) for m in messages if m["type"] == "RECORD")
        states = [m["value"] for m in messages if m["type"] == "STATE"]
        state = states[-1]
        assert state not in kept, "the killed run got no page further"
        kept.append(state)
    for stream in SELECTED:
        expected = {(stream, *key_of(stream, row)) for row in there(org, stream)}
        assert {key for key in came if key[0] == stream} == expected
    # The temporary file of the list strategy is gone too, although no code could clean up.
    assert [path.name for path in tmp_path.iterdir() if path.suffix not in (".json", "")] == []
