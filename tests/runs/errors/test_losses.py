"""Ways in which rows could be lost in silence, or a run could hang or speak in tracebacks; whole runs."""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Mapping

import pytest

from tap_incident.api.rate import read_limits
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.runs import asked, bare, check, key_of, only, there


def last_line(caplog: pytest.LogCaptureFixture) -> str:
    """The CRITICAL line that ended the run."""
    assert caplog.records[-1].levelno == logging.CRITICAL
    return caplog.records[-1].getMessage()


def test_a_list_of_the_whole_organisation_that_is_gone_is_an_error(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=404) if path == "/v3/actions" else None

    with FakeApi(organisation(10), faults=faults) as fake:
        run = tap(fake, settings={"child_strategy": "list"}, catalog=only("actions"))
    assert run.code == 1
    assert "/v3/actions" in last_line(caplog)


def test_an_endpoint_that_knows_no_parent_at_all_is_warned_of(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=404) if path == "/v1/custom_field_options" else None

    with FakeApi(organisation(3), faults=faults) as fake:
        assert tap(fake, catalog=only("custom_field_options")).code == 0
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert any("/v1/custom_field_options" in line for line in warnings)


@pytest.mark.parametrize("strategy", ["per_incident", "list"])
def test_a_row_without_its_parent_is_an_error_in_both_strategies(
    tap: Tap, caplog: pytest.LogCaptureFixture, strategy: str
) -> None:
    org = organisation(10)
    row = {**there(org, "incident_updates")[0], "incident_id": None}
    body = json.dumps({"incident_updates": [row]})

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=200, body=body, content_type="application/json") if "updates" in path else None

    with FakeApi(org, faults=faults) as fake:
        run = tap(fake, settings={"child_strategy": strategy}, catalog=only("incident_updates"))
    assert run.code == 1
    assert "incident_updates: " in last_line(caplog)
    assert "without its key property incident_id" in last_line(caplog)


def test_nothing_more_is_asked_of_a_stream_that_is_denied(tap: Tap) -> None:
    with FakeApi(organisation(5), denied=["incidents.view"]) as fake:
        run = tap(fake, catalog=only("actions", "incident_updates", "severities"))
    assert run.streams() == ["severities"]
    assert asked(fake) == ["/v2/incidents", "/v1/severities"]


def test_a_run_does_not_wait_for_an_answer_that_nobody_will_read(tap: Tap) -> None:
    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        if path == "/v3/actions" and params.get("incident_mode") == "stream":
            return Fault(status=503)
        return Fault(status=403) if path == "/v3/actions" else None

    begin = time.monotonic()
    with FakeApi(organisation(5), faults=faults) as fake:
        run = tap(fake, catalog=only("actions", "severities"))
    assert run.code == 1
    assert time.monotonic() - begin < 10


def test_a_bookmark_left_by_an_earlier_run_does_not_outlive_a_finished_one(tap: Tap) -> None:
    org = organisation(5)
    with FakeApi(org) as fake:
        left = {"bookmarks": {"alerts": {"after": org.rows["/v2/alerts"][99]["id"], "walk": "x"}, "other": 1}}
        run = tap(fake, catalog=only("severities"), state=left)
    assert run.states()[-1] == {"bookmarks": {"other": 1}}


def test_rows_after_the_last_state_are_sent_on_all_the_same(tap: Tap) -> None:
    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=403) if path == "/v2/alerts" and "after" in params else None

    org = organisation(3)
    with FakeApi(org, faults=faults) as fake:
        run = tap(fake, catalog=only("alerts"))
    assert run.keys("alerts") == Counter(key_of("alerts", row) for row in org.rows["/v2/alerts"][:50])


def test_the_key_is_hidden_where_an_answer_quotes_it(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    body = json.dumps({"errors": [{"code": "x", "message": "Authorization: Bearer secret-key is not ok"}]})

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=422, body=body, content_type="application/json")

    with FakeApi(organisation(1), faults=faults) as fake:
        assert tap(fake).code == 1
    assert "Authorization: Bearer *** is not ok" in last_line(caplog)
    assert "secret-key" not in caplog.text


def test_an_absurd_limit_stalls_nothing() -> None:
    assert read_limits({"X-RateLimit-Limit": "1, 1;window=999999999", "X-RateLimit-Remaining": "0"}).quotas == ()


@pytest.mark.parametrize(
    "case",
    [
        ("REQUESTS_CA_BUNDLE", "/no/such/bundle.pem", "https://127.0.0.1:9"),
        ("HTTPS_PROXY", "socks5://127.0.0.1:9", "https://127.0.0.1:9"),
        ("NO_PROXY", "", "https://a..b"),
    ],
)
def test_what_can_not_be_sent_is_told_in_words(
    tap: Tap, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, case: tuple[str, str, str]
) -> None:
    name, value, endpoint = case
    monkeypatch.setenv(name, value)
    with FakeApi(organisation(1)) as fake:
        run = tap(fake, settings={"endpoint": endpoint})
    assert run.code == 1
    assert "Traceback" not in caplog.text
    assert "the request can't be made" in last_line(caplog)
    assert "REQUESTS_CA_BUNDLE and the proxy variables" in last_line(caplog)


def test_the_critical_line_is_one_line_whatever_the_api_put_into_it(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = organisation(1)
    org.rows["/v1/severities"][0] |= {"id": "a\nINFO all is fine", "rank": []}
    with FakeApi(org) as fake:
        assert tap(fake, catalog=only("severities")).code == 1
    assert "\n" not in last_line(caplog)


def test_a_part_that_is_denied_has_no_table_of_its_own(tap: Tap) -> None:
    with FakeApi(organisation(5), denied=["attachments.view"]) as fake:
        run = tap(fake, catalog=only("incidents", "incident_attachments"))
    assert run.streams() == ["incidents"]
    assert {record["attachments"] for record in run.records("incidents")} == {None}


def test_with_the_strategy_list_nothing_is_read_for_incidents_that_are_denied(
    tap: Tap, caplog: pytest.LogCaptureFixture
) -> None:
    with FakeApi(organisation(5), denied=["incidents.view"]) as fake, caplog.at_level(logging.INFO):
        tap(fake, settings={"child_strategy": "list"}, catalog=bare(only("incidents", "actions")))
    assert asked(fake) == ["/v2/incidents"]


def test_with_the_strategy_list_the_cost_is_told_before_the_lists_are_read(
    tap: Tap, caplog: pytest.LogCaptureFixture
) -> None:
    with FakeApi(organisation(5)) as fake, caplog.at_level(logging.INFO):
        run = tap(fake, settings={"child_strategy": "list"}, catalog=only("actions"))
    check(run)
    said = [record.getMessage() for record in caplog.records]
    cost = next(number for number, line in enumerate(said) if "requests by child_strategy list" in line)
    assert cost < said.index("actions: reading it as one list")
