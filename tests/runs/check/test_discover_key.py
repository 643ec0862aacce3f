"""--discover with a key: one request makes sure that the API knows it; whole runs."""

from __future__ import annotations

import logging

import pytest

from tap_incident import main
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.faults import always
from tests.support.logs import critical, infos, warnings
from tests.support.runs import KEY


@pytest.fixture
def bare(capsys: pytest.CaptureFixture[str]) -> str:
    """The catalog without a key."""
    assert main(["--discover"]) == 0
    return capsys.readouterr().out


def test_discover_with_a_key_checks_it_and_prints_the_same_catalog(
    bare: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setenv("INCIDENT_API_KEY", KEY)
    with FakeApi(organisation(1)) as fake:
        monkeypatch.setenv("INCIDENT_ENDPOINT", fake.url)
        assert main(["--discover"]) == 0
    assert [request.path for request in fake.requests] == ["/v1/identity"]
    assert capsys.readouterr().out == bare
    assert infos(caplog)[0].startswith('API key "Stand-in key"')


def test_discover_with_a_key_that_is_refused_fails(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("INCIDENT_API_KEY", "another-key")
    with FakeApi(organisation(1)) as fake:
        monkeypatch.setenv("INCIDENT_ENDPOINT", fake.url)
        assert main(["--discover"]) == 1
    assert capsys.readouterr().out == ""
    assert "The API does not know this key" in critical(caplog)[0]


@pytest.mark.parametrize("fault", [Fault(status=503), Fault(status=302)])
def test_discover_prints_the_catalog_if_the_key_cannot_be_checked(
    bare: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
) -> None:
    monkeypatch.setenv("INCIDENT_API_KEY", KEY)
    with FakeApi(organisation(1), faults=always(fault)) as fake:
        monkeypatch.setenv("INCIDENT_ENDPOINT", fake.url)
        assert main(["--discover"]) == 0
    assert len(fake.requests) <= 2
    assert capsys.readouterr().out == bare
    assert warnings(caplog)[0].startswith("The key could not be checked; the catalog does not depend on it (")
