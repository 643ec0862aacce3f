"""A stream that can't be read: it ends there, the others are read, and the exit code is 1."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from tap_incident.streams import BY_NAME
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.runs import bare, catalog_with, check, key_of, only, there


def saying(path: str, status: int, **fault: Any) -> Any:
    """The API's own error for every request to `path`."""

    def faults(number: int, asked: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=status, **fault) if asked == path else None

    return faults


@pytest.mark.parametrize(
    ("name", "status"),
    [("users", 400), ("users", 404), ("custom_field_options", 409), ("actions", 404), ("actions", 422)],
)
def test_an_error_of_one_stream_leaves_the_others(
    tap: Tap, caplog: pytest.LogCaptureFixture, name: str, status: int
) -> None:
    org = organisation(8)
    with FakeApi(org, faults=saying(BY_NAME[name].path, status)) as fake:
        run = tap(fake)
    check(run)
    assert run.code == 1
    assert caplog.messages[-1].startswith(f"{name}: ")
    assert BY_NAME[name].path in caplog.messages[-1]
    assert "Everything else was read" in caplog.messages[-1]
    for other in ("incidents", "follow_ups", "severities", "alerts", "teams"):
        assert run.keys(other) == Counter(key_of(other, row) for row in there(org, other)), other
    assert run.records(name) == []


def test_a_row_that_fits_no_record_ends_its_stream_but_not_its_children(
    tap: Tap, caplog: pytest.LogCaptureFixture
) -> None:
    org = organisation(8)
    listed = there(org, "incidents")
    bad = sorted(listed, key=lambda row: str(row["id"]))[3]
    bad["name"] = ["not a text"]
    with FakeApi(org) as fake:
        run = tap(fake, catalog=bare(only("incidents", "actions", "severities")))
    check(run)
    assert run.code == 1
    assert caplog.messages[-1].startswith(f"incidents: row {bad['id']}: name should be of type string")
    assert bad["id"] not in {record["id"] for record in run.records("incidents")}
    assert 0 < len(run.records("incidents")) < len(listed) - 1
    assert run.keys("actions") == Counter(key_of("actions", row) for row in there(org, "actions"))
    assert run.records("severities")


def test_two_streams_that_fail_are_both_in_the_log(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=422) if path in ("/v2/users", "/v1/severities") else None

    with FakeApi(organisation(3), faults=faults) as fake:
        assert tap(fake).code == 1
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert sorted(text.split(":")[0] for text in errors) == ["severities", "users"]
    assert "1 more problem" in caplog.messages[-1]


def test_a_stream_that_fails_after_some_pages_resumes_there_and_is_never_stuck(tap: Tap) -> None:
    org = organisation(120)
    alerts = sorted(there(org, "alerts"), key=lambda row: str(row["id"]), reverse=True)
    assert len(alerts) > 100

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=422) if path == "/v2/alerts" and len(seen) > 2 else None

    seen: list[str] = []

    def counting(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        if path == "/v2/alerts":
            seen.append(params.get("after", ""))
        return faults(number, path, params)

    catalog = only("alerts", "severities")
    with FakeApi(org, faults=counting) as fake:
        first = tap(fake, catalog=catalog)
        assert first.code == 1
        cursor = first.states()[-1]["bookmarks"]["alerts"]["after"]
        second = tap(fake, catalog=catalog, state=first.states()[-1])
        assert seen[-2:] == [cursor, ""]  # The cursor was refused, and so was the list without it.
        assert second.code == 1
        # No progress: the next run starts over, and so reads what has changed on the first pages.
        assert second.states()[-1] == {"bookmarks": {}}
        seen.clear()
        third = tap(fake, catalog=catalog, state=second.states()[-1])
    assert third.records("alerts")
    assert first.records("severities") and second.records("severities")


def test_nothing_that_can_be_read_is_a_failure(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    scopes = {stream.scope for stream in BY_NAME.values() if stream.scope}
    by_default = catalog_with(
        lambda name, about: about.update({"selected-by-default": name in ("users", "alerts", "incidents", "actions")})
    )
    with FakeApi(organisation(3), denied=scopes) as fake:
        run = tap(fake, catalog=by_default)
        assert run.code == 1
        assert run.messages == []
        assert caplog.messages[-1].startswith("Nothing could be read: the key lacks the permissions")
        assert tap(fake).code == 0  # A few of the default streams need no permission.


def test_a_child_whose_every_request_is_answered_with_404_is_a_failure(
    tap: Tap, caplog: pytest.LogCaptureFixture
) -> None:
    with FakeApi(organisation(5), faults=saying("/v1/incident_relationships", 404)) as fake:
        run = tap(fake, catalog=bare(only("incidents", "incident_relationships")))
    assert run.code == 1
    assert run.records("incidents")
    count = len(run.records("incidents"))
    assert (
        f"incident_relationships: every one of {count} requests to /v1/incident_relationships was answered with 404. "
        "Everything else was read. Check endpoint; if it is right, the API no longer has this path: deselect the stream"
    ) in caplog.messages[-1]


def test_a_failed_stream_is_not_activated(tap: Tap) -> None:
    with FakeApi(organisation(3), faults=saying("/v2/users", 422)) as fake:
        run = tap(fake, catalog=only("users", "severities"), settings={"activate_version": True})
    assert [message["stream"] for message in run.messages if message["type"] == "ACTIVATE_VERSION"] == ["severities"]
    assert json.dumps(run.states()[-1]) == '{"bookmarks": {}}'
