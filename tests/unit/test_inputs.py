"""Files that the command line names: several configs, and a key that other accounts can read."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from tap_incident import main
from tap_incident.protocol.catalog import discover

KEY = "the-key-0815"


def open_file(path: Path) -> str:
    """A config with the key that all accounts can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"api_key": KEY}))
    path.chmod(0o644)
    return str(path)


def test_config_can_be_given_several_times(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / "a.json", tmp_path / "b.json"]
    for path, method in zip(paths, ("FULL_TABLE", "INCREMENTAL"), strict=True):
        path.write_text(json.dumps({"replication_method": method}))
    assert main(["--discover", "-c", str(paths[0]), "--config", str(paths[1])]) == 0
    assert json.loads(capsys.readouterr().out) == discover("INCREMENTAL")
    monkeypatch.setenv("TAP_INCIDENT_REPLICATION_METHOD", "INCREMENTAL")
    assert main(["--discover", "--config", str(paths[0])]) == 0
    assert json.loads(capsys.readouterr().out) == discover("FULL_TABLE")
    assert main(["--discover", "--config", str(paths[0]), "--config", "ENV"]) == 0
    assert json.loads(capsys.readouterr().out) == discover("INCREMENTAL")


def test_each_config_file_with_the_key_that_others_can_read_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    paths = [open_file(tmp_path / name) for name in ("a.json", "b.json")]
    assert main(["--discover", "--config", paths[0], "--config", paths[1]]) == 0
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert all(path in message for path, message in zip(paths, caplog.messages, strict=True))
    assert KEY not in caplog.text


@pytest.mark.parametrize("moved", [False, True])
def test_config_file_that_meltano_makes_is_one_line_about_the_umask(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, moved: bool
) -> None:
    folder = tmp_path / ("system" if moved else ".meltano")
    if moved:
        monkeypatch.setenv("MELTANO_SYS_DIR_ROOT", str(folder))
    paths = [open_file(folder / "run" / "tap-incident" / f"tap.{number}.config.json") for number in range(2)]
    with caplog.at_level(logging.INFO):
        assert main(["--discover", "--config", paths[0], "--config", paths[1]]) == 0
    (record,) = caplog.records
    assert record.levelname == "INFO"
    assert "run Meltano under umask 077" in record.getMessage()
    assert "chmod" not in record.getMessage()
