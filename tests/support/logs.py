"""What a run logged, by level."""

from __future__ import annotations

import logging

import pytest

from tests.support.runs import Run


def logged(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    """Texts of the lines of this level."""
    return [record.getMessage() for record in caplog.records if record.levelno == level]


def critical(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Texts of the CRITICAL lines."""
    return logged(caplog, logging.CRITICAL)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Texts of the WARNINGs."""
    return logged(caplog, logging.WARNING)


def infos(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Texts of the INFO lines."""
    return logged(caplog, logging.INFO)


def retries(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Texts of the warnings of a retry."""
    return [line for line in warnings(caplog) if "Retrying" in line]


def last_line(run: Run, caplog: pytest.LogCaptureFixture) -> str:
    """The CRITICAL line of a failed run: it is the last one, the only one of its level, and no traceback came."""
    assert run.code == 1
    (line,) = critical(caplog)
    assert caplog.records[-1].getMessage() == line
    assert "\n" not in line
    assert not line.endswith(".")
    assert "Traceback" not in caplog.text
    return line
