"""Command line: arguments, files and exit codes."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tap_incident import main


@pytest.fixture(autouse=True)
def _no_api(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens there: no test here needs an answer."""
    monkeypatch.setenv("INCIDENT_ENDPOINT", "http://127.0.0.1:9")


def last_line(caplog: pytest.LogCaptureFixture) -> str:
    """The CRITICAL line that ended the run."""
    assert caplog.records[-1].levelno == logging.CRITICAL
    return caplog.records[-1].getMessage()


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
    assert f"{path}: {reason}" in last_line(caplog)


def test_file_can_start_with_a_byte_order_mark(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.json").write_bytes(b'\xef\xbb\xbf{"api_key": "k"}')
    assert main(["--discover", "--config", str(tmp_path / "config.json")]) == 0
    assert capsys.readouterr().out


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o640, True), (0o604, True), (0o400, False)])
def test_config_file_with_the_api_key_that_others_can_read_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int, warned: bool
) -> None:
    path = tmp_path / "mine.json"
    path.write_text('{"api_key": "the-key-0815"}')
    path.chmod(mode)
    assert main(["--discover", "--config", str(path)]) == 0
    assert [r.levelname for r in caplog.records if str(path) in r.getMessage()] == ["WARNING"] * warned
    assert "the-key-0815" not in caplog.text
