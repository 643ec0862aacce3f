"""--discover with a key: one request makes sure that the API knows it; whole runs."""

from __future__ import annotations

import logging

import pytest

from tap_incident import main
from tests.conftest import Printed
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.faults import always
from tests.support.logs import logged
from tests.support.runs import KEY

UNCHECKED = "The key could not be checked; the catalog does not depend on it ("


Case = tuple[str, Fault | None, int, int, str]
CASES: list[Case] = [
    # In: the key, and what the API gets wrong. Out: the exit code, and a line with its level.
    (KEY, None, 0, logging.INFO, 'API key "Stand-in key"'),
    ("another-key", None, 1, logging.CRITICAL, "The API does not know this key"),
    (KEY, Fault(status=503), 0, logging.WARNING, UNCHECKED),
    (KEY, Fault(status=302), 0, logging.WARNING, UNCHECKED),
]


@pytest.mark.parametrize("case", CASES, ids=["right", "wrong", "503", "redirect"])
def test_discover_with_a_key_checks_it_and_prints_the_same_catalog(
    printed: Printed, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, case: Case
) -> None:
    key, fault, code, level, said = case
    assert main(["--discover"]) == 0
    without_key = capsys.readouterr().out
    with FakeApi(organisation(1), faults=always(fault)) as fake, caplog.at_level(logging.INFO):
        assert printed(fake, "--discover", settings={"api_key": key})[:2] == (code, "" if code else without_key)
    assert {request.path for request in fake.requests} == {"/v1/identity"}
    assert len(fake.requests) <= 2
    assert said in logged(caplog, level)[0]
