"""--check: what the key may read and what a run will cost; whole runs."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tap_incident import main
from tests.fake_api import NOW, FakeApi, organisation
from tests.support.runs import KEY, Json, only

Check = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    """Run --check: the exit code, and the lines on stdout."""

    def run(fake: FakeApi, catalog: Json | None = None, **settings: object) -> tuple[int, list[str]]:
        config = tmp_path / "config.json"
        config.write_text(json.dumps({"api_key": KEY, "endpoint": fake.url} | settings))
        config.chmod(0o600)
        arguments = ["--check", "--config", str(config)]
        if catalog is not None:
            (tmp_path / "catalog.json").write_text(json.dumps(catalog))
            arguments += ["--catalog", str(tmp_path / "catalog.json")]
        code = main(arguments, clock=lambda: NOW)
        return code, capsys.readouterr().out.splitlines()

    return run


def outcomes(lines: list[str]) -> dict[str, tuple[str, str]]:
    """The number of rows and the outcome by stream."""
    table = lines[lines.index("") + 2 : -2]
    return {line.split()[0]: (line[line.index(" ") :][:34].strip().split(" ")[0], line) for line in table}


def test_check_reports_key_streams_rows_and_cost(check: Check) -> None:
    org = organisation(40)
    with FakeApi(org) as fake:
        code, lines = check(fake)
    assert code == 0
    assert lines[0].startswith('API key "Stand-in key", roles: viewer')
    found = outcomes(lines)
    assert {"incidents", "actions", "users", "custom_field_options", "incidents.attachments"} <= found.keys()
    assert all(line.endswith("  ok") for _, line in found.values())
    assert found["severities"][0] == str(len(org.rows["/v1/severities"]))
    assert re.match(r"The first run takes at least [\d,]+ requests and [\d.]+ s; more if", lines[-1])
    assert len(fake.requests) <= 60
    assert {request.status for request in fake.requests} == {200}
    assert all(dict(request.params).get("page_size", "1") == "1" for request in fake.requests)


def test_check_names_a_permission_that_is_missing_as_the_dashboard_does(check: Check) -> None:
    with FakeApi(organisation(3), denied=["users.view", "incidents.view"]) as fake:
        code, lines = check(fake)
    text = 'the key lacks the permission users.view (in the dashboard: "View data, like public incidents and'
    assert code == 0
    assert text in outcomes(lines)["users"][1]
    assert "permission incidents.view" in outcomes(lines)["incidents"][1]
    assert outcomes(lines)["incidents.attachments"][1].endswith("not asked for: that takes a row of incidents")


def test_check_fails_if_what_is_selected_by_name_cannot_be_read(check: Check, caplog: pytest.LogCaptureFixture) -> None:
    with FakeApi(organisation(3), denied=["users.view"]) as fake:
        code, lines = check(fake, only("users", "severities"))
    assert code == 1
    assert outcomes(lines)["severities"][1].endswith("ok")
    assert caplog.records[-1].levelno == logging.CRITICAL
    assert "The key may not read all that is selected: users (see the table above)" in caplog.messages[-1]
