"""docs/guides/: its commands, run as they stand there in a copy of the checkout."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.fake_api import Organisation
from tests.support.paths import REPOSITORY
from tests.support.runs import there

from .conftest import Pour
from .dbt import bin_folder
from .loaders import JSONL
from .test_quickstart import DEFAULT, HOME, shell

GUIDE = REPOSITORY / "docs" / "guides" / "duckdb.md"
SETUP, LOOK, TABLES, MODELS = re.findall(r"^```sh\n(.*?)^```", GUIDE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the checkout, with the environments that it would make once more."""
    folder = tmp_path / "checkout"
    ignored = shutil.ignore_patterns(".*", "build", "dist", "output", "*.egg-info", "__pycache__")
    shutil.copytree(REPOSITORY, folder, ignore=ignored)
    (folder / ".venv").symlink_to(REPOSITORY / ".venv")
    HOME.mkdir(parents=True, exist_ok=True)
    return folder


def test_duckdb_on_what_make_run_writes(checkout: Path) -> None:
    printed = "\n".join(shell(SETUP + LOOK, checkout, {}))
    severities = dict(re.findall(r"│ (SEV\d) +│ +(\d+) │", printed))
    assert len(severities) == 4
    assert sum(map(int, severities.values())) == 200
    counts = {name: int(rows) for name, rows in map(str.split, shell(TABLES, checkout, {}))}
    assert sorted(counts) == DEFAULT
    for name, rows in counts.items():
        assert rows == len((checkout / "output" / f"{name}.jsonl").read_text("utf-8").splitlines()), name
    bin_folder()
    (checkout / ".dbt").symlink_to(REPOSITORY / ".dbt")
    assert "Done. PASS=" in "\n".join(shell(MODELS, checkout, {}))
    assert (checkout / "output" / "marts.duckdb").exists()


def test_duckdb_on_what_target_jsonl_writes(checkout: Path, pour: Pour, org: Organisation) -> None:
    folder = checkout / "output"
    folder.mkdir()
    pour(JSONL, {"destination_path": str(folder)}).loaded()
    shell(SETUP.replace("make run\n", ""), checkout, {})
    counts = {name: int(rows) for name, rows in map(str.split, shell(TABLES, checkout, {}))}
    assert counts == {name: len(there(org, name)) for name in DEFAULT}
