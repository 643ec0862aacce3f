"""docs/getting-started.md and the first sync of README.md: their commands, run as they stand there."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fake_api import FakeApi, Organisation
from tests.support.runs import there
from tools.docs import README

from .environments import loader_command
from .loaders import PIPX, UV, Loader
from .pages import BASH, DEFAULT, DOCS, at, commands, environment, finished, shell

PAGE = DOCS / "getting-started.md"
INSTALL, PIPX_INSTALL, UV_INSTALL, KEY_TYPED, CONFIG, STAND_IN, CHECK, CHOOSE, CATALOG, SYNC = commands(PAGE)


def streams_in(messages: Path) -> dict[str, int]:
    """How many records of each stream are in a file of messages."""
    counts: dict[str, int] = {}
    for line in messages.read_text("utf-8").splitlines():
        message = json.loads(line)
        if message["type"] == "RECORD":
            counts[message["stream"]] = counts.get(message["stream"], 0) + 1
    return counts


def test_readme_first_sync(checkout: Path, api: FakeApi) -> None:
    text = README.read_text("utf-8").partition("\n## First sync\n")[2].partition("\n## ")[0]
    (script,) = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    shell(script, checkout, at(api))
    assert sorted(path.name.split("-")[0] for path in checkout.glob("*.jsonl")) == DEFAULT
    assert finished(checkout)


def test_from_install_to_files(checkout: Path, api: FakeApi, org: Organisation) -> None:
    printed = shell(INSTALL + KEY_TYPED + CONFIG + CHECK, checkout, at(api))
    assert {line.split()[0] for line in printed if line.endswith("  ok")} >= set(DEFAULT)
    config = checkout / "config.json"
    assert (config.stat().st_mode & 0o777, list(json.loads(config.read_text()))) == (0o600, ["api_key"])
    shell(KEY_TYPED + CHOOSE, checkout, at(api))
    chosen = ("severities", "incident_types")
    assert streams_in(checkout / "messages.jsonl") == {name: len(there(org, name)) for name in chosen}
    shell(KEY_TYPED + CATALOG, checkout, at(api))
    assert streams_in(checkout / "messages.jsonl") == {name: len(there(org, name)) for name in DEFAULT}
    *files, first = shell(KEY_TYPED + SYNC, checkout, at(api))
    assert [name.split("-")[0] for name in files] == DEFAULT
    assert json.loads(first)["id"] in {row["id"] for row in there(org, "severities")}
    assert finished(checkout / "rows")


@contextmanager
def stand_in(folder: Path) -> Iterator[dict[str, str]]:
    """The stand-in, started by the page's command in a terminal of its own; gives the variables that it prints."""
    run = [BASH, "-e", "-c", STAND_IN]
    with subprocess.Popen(
        run, cwd=folder, env=environment({}), stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            assert process.stdout is not None
            lines: list[str] = []
            while not lines or not lines[-1].startswith("# Serving"):
                lines.append(process.stdout.readline())
                assert lines[-1], lines
            yield dict(re.findall(r"^export (\w+)=(.*)$", "".join(lines), re.MULTILINE))
        finally:
            os.killpg(process.pid, signal.SIGINT)


def test_without_a_key_by_the_sample_organisation(checkout: Path) -> None:
    shell(INSTALL, checkout, {})
    with stand_in(checkout) as variables:
        checked = shell(CHECK, checkout, variables)
        *files, _ = shell(SYNC, checkout, variables)
    shown = PAGE.read_text("utf-8")
    for line in ("incidents                   200  ok", "follow_ups                       ok"):
        assert line in checked
        assert line in shown
    assert any(line.startswith("The first run takes about ") for line in checked)
    assert [name.split("-")[0] for name in files] == DEFAULT
    (incidents,) = (checkout / "rows").glob("incidents-*.jsonl")
    assert len(incidents.read_text("utf-8").splitlines()) == 200


@pytest.mark.parametrize(("installer", "script"), [(PIPX, PIPX_INSTALL), (UV, UV_INSTALL)], ids=["pipx", "uv"])
def test_install_by(
    installer: Loader, script: str, checkout: Path, api: FakeApi, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("home")
    # Where no Python suits, uv would fetch one.
    variables = {"HOME": str(home), "UV_PYTHON_DOWNLOADS": "never", "UV_QUIET": "1", **at(api)}
    paths = (str(loader_command(installer).parent), str(home / ".local" / "bin"))
    piped = "read -rs INCIDENT_API_KEY && export INCIDENT_API_KEY\ntap-incident | target-jsonl > state.json\nls *.jsonl"
    *_, last = shell(f"{script}\n{piped}", checkout, variables, paths)
    assert last.startswith("users-")
    assert finished(checkout)
