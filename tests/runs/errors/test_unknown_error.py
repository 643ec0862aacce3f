"""A run that ends in an error that the tap does not know."""

from __future__ import annotations

from datetime import datetime

import pytest

from tap_incident import main


def broken_clock() -> datetime:
    """A clock with a mistake."""
    raise ZeroDivisionError


def test_unknown_error_logs_a_traceback_and_then_the_critical_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("INCIDENT_API_KEY", "k")
    assert main([], clock=broken_clock) == 1
    assert "Traceback" in caplog.text
    assert caplog.records[-1].levelname == "CRITICAL"
    assert "ZeroDivisionError" in caplog.records[-1].getMessage()
