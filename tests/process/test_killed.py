"""A process that is killed: with its last STATE, the next run reads the other rows."""

from __future__ import annotations

import json
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, organisation
from tests.support.processes import TAP, environ, until
from tests.support.runs import Run, bare, key_of, only, there

CATALOG = bare(only("incidents", "actions", "alerts", "escalations"))


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["per_incident", "list"])
@pytest.mark.parametrize("states", [1, 3, 6])
def test_kill_at_any_page_loses_no_row(tap: Tap, tmp_path: Path, strategy: str, states: int) -> None:
    folder, out, catalog = tmp_path / "temporary", tmp_path / "out", tmp_path / "catalog.json"
    folder.mkdir()
    catalog.write_text(json.dumps(CATALOG))
    org = organisation(320, rows_per_page=50)
    with FakeApi(org, latency=0.02) as fake, out.open("wb") as file:
        env = environ(fake, child_strategy=strategy) | {"SQLITE_TMPDIR": str(folder)}
        command = [*TAP, "--catalog", str(catalog)]
        with subprocess.Popen(command, stdout=file, stderr=subprocess.DEVNULL, env=env) as process:
            until(lambda: out.read_text().count('"STATE"') >= states)
            process.kill()
        assert process.returncode == -signal.SIGKILL
        # The last line may have been cut.
        *whole, _ = out.read_text().split("\n")
        killed = Run(1, [json.loads(line) for line in whole])
        rest = tap(fake, catalog=CATALOG, state=killed.states()[-1], settings={"child_strategy": strategy})
    for stream in ("incidents", "actions", "alerts", "escalations"):
        expected = Counter(key_of(stream, row) for row in there(org, stream))
        assert killed.keys(stream) | rest.keys(stream) == expected, stream
    # The temporary file of the list strategy is gone too, although no code could clean up.
    assert [*folder.iterdir()] == []
