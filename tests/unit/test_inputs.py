"""Files that the command line names: several configs, and a key that other accounts can read."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tap_incident import config as configs
from tap_incident import main
from tap_incident.errors import BadInput
from tap_incident.inputs import raise_unknown_streams, selection_of
from tap_incident.protocol.catalog import discover
from tests.fake_api import FakeApi, organisation
from tests.support.logs import warnings
from tests.support.runs import KEY


@pytest.fixture
def endpoint() -> Iterator[str]:
    """The address of a stand-in: with a key, --discover sends a request."""
    with FakeApi(organisation(1)) as fake:
        yield fake.url


def open_file(path: Path, endpoint: str) -> str:
    """A config with the key that all accounts can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"api_key": KEY, "endpoint": endpoint}))
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


@pytest.mark.parametrize("moved", [False, True])
def test_config_file_that_meltano_makes_is_one_line_about_the_umask(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, endpoint: str, moved: bool
) -> None:
    folder = tmp_path / ("system" if moved else ".meltano")
    if moved:
        monkeypatch.setenv("MELTANO_SYS_DIR_ROOT", str(folder))
    paths = [open_file(folder / "run" / "tap-incident" / f"tap.{number}.config.json", endpoint) for number in range(2)]
    with caplog.at_level(logging.INFO):
        assert main(["--discover", "--config", paths[0], "--config", paths[1]]) == 0
    (record,) = (each for each in caplog.records if "holds the API key" in each.getMessage())
    assert record.levelname == "INFO"
    assert "run Meltano under umask 077" in record.getMessage()
    assert "chmod" not in record.getMessage()


NO_FILES = argparse.Namespace(catalog=None, properties=None)


def test_unknown_names_in_the_setting_streams_are_an_error_when_the_rest_was_read() -> None:
    config = configs.load(json.dumps({"api_key": KEY, "streams": ["incidnets", "users", "!teems", "alert*"]}), {})
    with pytest.raises(BadInput, match=r"no stream incidnets \(did you mean incidents\?\), teems \(did you mean teams"):
        raise_unknown_streams(NO_FILES, config)
    # With a catalog, the setting is not used.
    raise_unknown_streams(argparse.Namespace(catalog="catalog.json", properties=None), config)
    raise_unknown_streams(NO_FILES, configs.load(json.dumps({"api_key": KEY, "streams": "users,!alert*"}), {}))


START = {"api_key": KEY, "start_date": "2026-01-31"}


@pytest.mark.parametrize(
    ("settings", "lines"),
    [
        (START, 1),
        (START | {"replication_method": "INCREMENTAL"}, 0),
        (START | {"replication_method": "INCREMENTAL", "streams": ["users"]}, 1),
        ({"api_key": KEY}, 0),
    ],
)
def test_start_date_without_an_incremental_stream_is_a_warning(
    caplog: pytest.LogCaptureFixture, settings: dict[str, Any], lines: int
) -> None:
    selection_of(NO_FILES, configs.load(json.dumps(settings), {}))
    assert len([line for line in warnings(caplog) if line.startswith("start_date has no effect")]) == lines
