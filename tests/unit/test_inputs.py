"""The command line and the files that it names: what can't be read, and a key that other accounts can read."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tap_incident import main
from tap_incident.config import load
from tap_incident.inputs import selection_of
from tap_incident.protocol.catalog import discover
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.faults import always
from tests.support.logs import warnings
from tests.support.runs import KEY


@pytest.fixture(autouse=True)
def _no_api(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An API that knows nothing: no test here needs more of an answer."""
    with FakeApi(organisation(1), faults=always(Fault(status=404))) as fake:
        monkeypatch.setenv("INCIDENT_ENDPOINT", fake.url)
        yield


def test_version_and_help_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    for option, expected in (("--version", "tap-incident "), ("--help", "usage: tap-incident")):
        with pytest.raises(SystemExit) as exit_:
            main([option])
        assert exit_.value.code == 0
        assert expected in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--config", "--catalog", "--properties", "--state"])
@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "can't be read"), (b"\xff\xfe\x00", "is not UTF-8 text"), (b'{"a":\n oops', "not valid JSON (line 2)")],
    ids=["missing", "binary", "not JSON"],
)
def test_file_that_cannot_be_read_is_named(
    option: str, content: bytes | None, reason: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "given.json"
    if content is not None:
        path.write_bytes(content)
    config = tmp_path / "config.json"
    config.write_text('{"api_key": "k"}')
    assert main(["--config", str(config), option, str(path)]) == 1
    assert caplog.records[-1].levelname == "CRITICAL"
    assert f"{path}: {reason}" in caplog.messages[-1]


def test_config_files_can_have_a_byte_order_mark_and_come_several_times(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.json").write_bytes(b'\xef\xbb\xbf{"replication_method": "INCREMENTAL"}')
    (tmp_path / "b.json").write_text("{}")
    assert main(["--discover", "-c", str(tmp_path / "a.json"), "--config", str(tmp_path / "b.json"), "-c", "ENV"]) == 0
    assert json.loads(capsys.readouterr().out) == discover("INCREMENTAL")


def key_lines(caplog: pytest.LogCaptureFixture, path: Path, mode: int = 0o644) -> list[tuple[str, str]]:
    """What --discover says of two config files with the key, of which one has this mode and the other is private."""
    private = path.with_name("tap.0.config.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    for file in (path, private):
        file.write_text(json.dumps({"api_key": KEY}))
        file.chmod(mode if file == path else 0o600)
    with caplog.at_level(logging.INFO):
        assert main(["--discover", "--config", str(private), "--config", str(path)]) == 0
    assert KEY not in caplog.text
    lines = [(record.levelname, record.getMessage()) for record in caplog.records]
    return [(level, line) for level, line in lines if "holds the API key" in line]


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o640, True), (0o604, True), (0o400, False)])
def test_config_file_with_the_api_key_that_others_can_read_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int, warned: bool
) -> None:
    line = f"{tmp_path}/mine.json holds the API key, and others on this machine may read it: chmod 600 it"
    assert key_lines(caplog, tmp_path / "mine.json", mode) == [("WARNING", line)] * warned


@pytest.mark.parametrize("moved", [False, True])
def test_config_file_that_meltano_makes_is_one_line_about_the_umask(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, moved: bool
) -> None:
    folder = tmp_path / ("system" if moved else ".meltano")
    if moved:
        monkeypatch.setenv("MELTANO_SYS_DIR_ROOT", str(folder))
    ((level, line),) = key_lines(caplog, folder / "run" / "tap-incident" / "tap.1.config.json")
    assert level == "INFO"
    assert line.endswith("others on this machine may read it: run Meltano under umask 077")


@pytest.mark.parametrize(
    ("settings", "lines"),
    [
        ({"start_date": "2026-01-31"}, 1),
        ({"start_date": "2026-01-31", "replication_method": "INCREMENTAL"}, 0),
        ({"start_date": "2026-01-31", "replication_method": "INCREMENTAL", "streams": ["users"]}, 1),
        ({}, 0),
    ],
)
def test_start_date_without_an_incremental_stream_is_a_warning(
    caplog: pytest.LogCaptureFixture, settings: dict[str, Any], lines: int
) -> None:
    config = load([("config.json", json.dumps({"api_key": KEY, **settings}))], {})
    selection_of(argparse.Namespace(catalog=None, properties=None), config)
    assert len([line for line in warnings(caplog) if line.startswith("start_date has no effect")]) == lines
