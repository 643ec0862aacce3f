"""The sample organisation looks real: nothing awkward, nothing in the future, and a year that makes sense."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft4Validator

from tests.fake_api import FakeApi, Organisation, sample_organisation
from tests.fake_api.facts import COMPONENTS, ENDPOINTS, Endpoint
from tests.fake_api.making import instant
from tests.support.fake_client import ask

PRESENT = datetime(2026, 11, 25, 15, 4, 5, tzinfo=timezone.utc)
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
EACH_ENDPOINT = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.path)


@cache
def sample(incidents: int) -> Organisation:
    """A sample that several tests read."""
    return sample_organisation(incidents, now=PRESENT)


@pytest.fixture(params=[20, 400])
def org(request: pytest.FixtureRequest) -> Organisation:
    return sample(request.param)


@pytest.fixture
def small() -> Organisation:
    return sample(20)


def texts(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that holds no others, with the property that it is in."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from texts(part, key)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part, name)
    else:
        yield name, value


def when(text: str) -> datetime:
    return instant(text)[0]


def stamps(incident: dict[str, Any]) -> list[datetime]:
    """The timestamps of an incident that have a value, by rank."""
    values = incident["incident_timestamp_values"]
    assert [value["incident_timestamp"]["rank"] for value in values] == list(range(len(values)))
    return [when(value["value"]["value"]) for value in values if "value" in value]


def test_incidents_are_spread_over_the_year_up_to_now(org: Organisation) -> None:
    opened = [when(row["created_at"]) for row in org.rows["/v2/incidents"]]
    assert opened == sorted(opened)
    assert PRESENT - timedelta(days=366) < opened[0] < PRESENT - timedelta(days=330)
    assert PRESENT - timedelta(days=20) < opened[-1] <= PRESENT
    months = Counter((PRESENT - moment).days * 12 // 366 for moment in opened)
    assert set(months) == set(range(12))
    assert max(months.values()) <= 3 * min(months.values())


def test_nothing_happens_in_the_future(org: Organisation) -> None:
    shifts = {"/v1/maintenance_windows", "/v2/schedule_entries", "/v2/schedule_overrides", "/v2/schedules"}
    for path, rows in org.rows.items():
        found = [(name, value) for name, value in texts(rows) if isinstance(value, str) and STAMP.fullmatch(value)]
        late = {name for name, value in found if when(value) > PRESENT}
        assert all("end" in name for name in late) or path in shifts, (path, late)


def test_most_incidents_are_resolved_and_their_timestamps_are_in_order(org: Organisation) -> None:
    resolved = 0
    for incident in org.rows["/v2/incidents"]:
        moments = stamps(incident)
        assert moments == sorted(moments)
        assert moments[0] == when(incident["created_at"])
        assert moments[-1] == when(incident["updated_at"])
        metric = incident["duration_metrics"][1]
        if len(moments) >= 5:
            resolved += 1
            assert metric["value_seconds"] == (moments[4] - moments[0]).total_seconds() > 0
            assert incident["incident_status"]["category"] in ("learning", "closed")
        else:
            assert metric["status"] == "timestamps_missing"
            assert incident["incident_status"]["category"] in ("live", "declined", "merged", "canceled")
    assert resolved > 0.8 * len(org.rows["/v2/incidents"])


def test_severe_incidents_are_rarer_and_shorter() -> None:
    rows = sample(400).rows["/v2/incidents"]
    lengths: dict[str, list[int]] = {}
    for row in rows:
        lengths.setdefault(row["severity"]["name"], []).append(row["duration_metrics"][1].get("value_seconds", 0))
    ranked = [lengths[name] for name in ("SEV1", "SEV2", "SEV3", "SEV4")]
    assert [len(found) for found in ranked] == sorted(len(found) for found in ranked)
    middles = [sorted(found)[len(found) // 2] for found in ranked]
    assert middles == sorted(middles)


def test_follow_ups_of_every_age_are_open_and_done() -> None:
    rows = sample(400).rows["/v3/follow_ups"]
    for status in ("outstanding", "completed"):
        ages = [(PRESENT - when(row["created_at"])).days for row in rows if row["status"] == status]
        assert min(ages) < 30
        assert max(ages) > 90
    assert all(when(row["created_at"]) <= when(row["completed_at"]) for row in rows if "completed_at" in row)
    assert len({row["assignee_team"]["name"] for row in rows}) == 5


def test_people_are_paged_by_day_and_by_night_while_they_are_on_call() -> None:
    rows = sample(400).rows["/v2/escalations"]
    first = [next(event for event in row["events"] if event["event"] == "notified_users") for row in rows]
    hours = Counter(when(event["occurred_at"]).hour for event in first)
    assert sum(hours[hour] for hour in range(9, 17)) > sum(hours[hour] for hour in range(8)) > 10
    assert len({event["users"][0]["id"] for event in first}) > 15


def test_the_yield_of_alerts_differs_by_source() -> None:
    org = sample(400)
    sources = {row["id"]: row["name"] for row in org.rows["/v2/alert_sources"]}
    alerts = Counter(sources[row["alert_source_id"]] for row in org.rows["/v2/alerts"])
    linked = Counter(sources[row["alert"]["alert_source_id"]] for row in org.rows["/v2/incident_alerts"])
    shares = {name: linked[name] / alerts[name] for name in alerts}
    assert 0.05 < shares["Sentry"] < shares["Grafana"] < shares["Datadog"] < shares["Pingdom"] < 0.9


def test_no_value_is_awkward(small: Organisation) -> None:
    for path, rows in small.rows.items():
        for name, value in texts(rows):
            assert value is not None, (path, name)
            assert not isinstance(value, str) or (value and value.isprintable() and value.isascii()), (path, name)
            assert not name.startswith("x_"), (path, name)
    assert set(small.modes.values()) == {"standard"}


@EACH_ENDPOINT
def test_rows_are_valid(small: Organisation, endpoint: Endpoint) -> None:
    validator = Draft4Validator({**endpoint.item, "components": COMPONENTS})
    assert small.rows[endpoint.path]
    for row in small.rows[endpoint.path]:
        errors = [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(row)]
        assert not errors
        dated = [(name, value) for name, value in texts(row) if name.endswith("_at") and isinstance(value, str)]
        assert all(STAMP.fullmatch(value) for name, value in dated if name != "updated_at"), dated


def test_the_same_arguments_make_the_same_organisation(small: Organisation) -> None:
    assert json.dumps(dict(sample_organisation(20, now=PRESENT).rows)) == json.dumps(dict(small.rows))
    assert sample_organisation(20, now=PRESENT + timedelta(days=1)).rows != small.rows


def test_its_lists_end_as_the_document_says(small: Organisation) -> None:
    with FakeApi(small) as api:
        for path in ("/v2/incident_updates", "/v3/actions", "/v3/follow_ups"):
            (meta,) = (ask(api, path, [("page_size", "250")]).json["pagination_meta"],)
            assert meta == {"page_size": 250}
