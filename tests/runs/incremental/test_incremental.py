"""INCREMENTAL: what each run reads, and what its bookmarks come to; whole runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tap_incident.config import INCIDENT_MODES
from tap_incident.streams import BY_NAME, STREAMS
from tests.conftest import Tap
from tests.fake_api import FakeApi, Organisation, organisation
from tests.fake_api.making import instant
from tests.support.runs import Json, Run, bare, check, key_of, only, there

FIVE = [stream.name for stream in STREAMS if stream.replication_key]
INCREMENTAL = {"replication_method": "INCREMENTAL"}
CHILDREN = ("/v1/incident_attachments", "/v2/incident_updates")


def rfc3339(moment: datetime) -> str:
    """As the API would write it."""
    return moment.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def now(**after: float) -> datetime:
    """This moment, or one so much after it."""
    return datetime.now(timezone.utc) + timedelta(**after)


def marks(run: Run) -> dict[str, str]:
    """The bookmarks of the last STATE."""
    return {name: mark["updated_at"] for name, mark in run.states()[-1]["bookmarks"].items()}


def since(mark: str) -> tuple[datetime, str]:
    """From when on a run with this bookmark reads: whole seconds, five minutes before."""
    return instant(mark)[0] - timedelta(minutes=5), ""


def due(org: Organisation, stream: str, mark: str) -> Counter[tuple[str, ...]]:
    """Keys of the rows that a run with this bookmark has to read."""
    return Counter(key_of(stream, row) for row in there(org, stream) if instant(row["updated_at"]) >= since(mark))


def change(org: Organisation, stream: str, number: int, **values: Any) -> Json:
    """Change a row of the organisation as the API would: other lists that are under way see it from now on."""
    path = BY_NAME[stream].path
    row = {**there(org, stream)[number], **values}
    org.rows[path] = [row if old["id"] == row["id"] else old for old in org.rows[path]]
    return row


def filters(fake: FakeApi, path: str) -> set[str | None]:
    """Values of the filter by change in the requests to a path that ask for no one parent."""
    params = [dict(request.params) for request in fake.requests if request.path == path]
    return {found.get("updated_at[gte]") for found in params if "incident_id" not in found}


@pytest.mark.parametrize("strategy", ["per_incident", "list"])
def test_the_first_run_reads_everything_without_a_filter(tap: Tap, strategy: str) -> None:
    org = organisation(40)
    with FakeApi(org) as fake:
        run = tap(fake, settings={**INCREMENTAL, "child_strategy": strategy})
        whole = tap(fake)
    check(run)
    assert set(run.streams()) == set(whole.streams())
    for name in run.streams():
        assert run.keys(name) == Counter(key_of(name, row) for row in there(org, name))
    assert all(filters(fake, BY_NAME[name].path) == {None} for name in FIVE)
    assert marks(run) == {name: max((r["updated_at"] for r in there(org, name)), key=instant) for name in FIVE}
    schemas = {m["stream"]: m.get("bookmark_properties") for m in run.messages if m["type"] == "SCHEMA"}
    assert {name for name, keys in schemas.items() if keys == ["updated_at"]} == set(FIVE)
    assert {name for name, keys in schemas.items() if keys} == set(FIVE)
    assert {r["id"]: r["updates"] for r in run.records("incidents")} == {
        r["id"]: r["updates"] for r in whole.records("incidents")
    }


def test_the_second_run_reads_what_is_due_and_all_of_the_other_streams(tap: Tap) -> None:
    org = organisation(60)
    with FakeApi(org) as fake:
        first = tap(fake, settings=INCREMENTAL)
        fake.requests.clear()
        second = tap(fake, settings=INCREMENTAL, state=first.states()[-1])
    check(second)
    assert marks(second) == marks(first)
    for name in second.streams():
        if name in FIVE:
            assert second.keys(name) == due(org, name, marks(first)[name])
            assert len(second.records(name)) < len(first.records(name))
        else:
            assert second.keys(name) == first.keys(name)
    emitted = {record["id"] for record in second.records("incidents")}
    of = {
        dict(r.params)["incident_id"] for r in fake.requests if r.path in CHILDREN and "incident_id" in dict(r.params)
    }
    assert of == emitted


def test_the_filters_are_such_as_the_api_takes(tap: Tap) -> None:
    org = organisation(30)
    with FakeApi(org) as fake:
        first = tap(fake, settings=INCREMENTAL)
        fake.requests.clear()
        tap(fake, settings=INCREMENTAL, state=first.states()[-1])
    for name in FIVE:
        start = since(marks(first)[name])[0].astimezone(timezone.utc)
        days = name in ("incidents", "escalations")
        expected = (start - timedelta(hours=12)).date().isoformat() if days else rfc3339(start)
        found = filters(fake, BY_NAME[name].path)
        # incident_updates, which has no filter, is read for all incidents.
        assert found == ({expected, None} if name == "incidents" else {expected})
    modes = [dict(r.params)["incident_mode"] for r in fake.requests if r.path == "/v3/actions"]
    assert sorted(modes) == ["retrospective", "standard", "stream"]


@pytest.mark.parametrize("name", FIVE)
def test_one_changed_row_is_in_the_next_run(tap: Tap, name: str) -> None:
    org = organisation(60)
    catalog = only(*FIVE)
    with FakeApi(org) as fake:
        first = tap(fake, settings=INCREMENTAL, catalog=catalog)
        row = change(org, name, 0, updated_at=rfc3339(now()))
        second = tap(fake, settings=INCREMENTAL, catalog=catalog, state=first.states()[-1])
    check(second)
    for other in FIVE:
        expected = due(org, other, marks(first)[other])
        assert second.keys(other) == expected
        assert (key_of(name, row) in expected) == (other == name)


@pytest.mark.parametrize("name", ["alerts", "incidents"])
def test_a_moment_is_the_same_in_all_of_its_forms(tap: Tap, name: str) -> None:
    org = organisation(20)
    start = max(instant(row["updated_at"])[0] for row in there(org, name)).astimezone(timezone.utc) + timedelta(days=9)
    at = start - timedelta(minutes=5)
    just_before = (at - timedelta(seconds=1)).isoformat()[:19]
    forms = {
        0: (f"{at.isoformat()[:19]}Z", True),
        1: (f"{at.isoformat()[:19]}.000000000Z", True),
        2: (at.astimezone(timezone(timedelta(hours=2))).isoformat(), True),
        3: (f"{at.isoformat()[:19]}.000000001Z", True),
        4: (f"{just_before}.999999999Z", False),
        5: (f"{just_before}Z", False),
    }
    with FakeApi(org) as fake:
        state = tap(fake, settings=INCREMENTAL, catalog=only(name)).states()[-1]
        state["bookmarks"][name]["updated_at"] = f"{start.isoformat()[:19]}.9Z"
        expected = {change(org, name, n, updated_at=text)["id"] for n, (text, is_due) in forms.items() if is_due}
        for number, (text, is_due) in forms.items():
            if not is_due:
                change(org, name, number, updated_at=text)
        run = tap(fake, settings=INCREMENTAL, catalog=only(name), state=state)
    assert {record["id"] for record in run.records(name)} == expected


def test_a_row_that_becomes_visible_late_is_in_the_next_run(tap: Tap) -> None:
    org = organisation(10)
    late = there(org, "alerts")[3]
    path = BY_NAME["alerts"].path
    with FakeApi(org) as fake:
        org.rows[path] = [row for row in org.rows[path] if row is not late]
        first = tap(fake, settings=INCREMENTAL, catalog=only("alerts"))
        stamp = rfc3339(instant(marks(first)["alerts"])[0] - timedelta(minutes=4, seconds=50))
        org.rows[path] = [*org.rows[path], {**late, "updated_at": stamp}]
        second = tap(fake, settings=INCREMENTAL, catalog=only("alerts"), state=first.states()[-1])
    assert late["id"] in {record["id"] for record in second.records("alerts")}


@pytest.mark.parametrize("name", FIVE)
def test_a_row_that_changes_while_its_list_is_read_is_in_this_run_or_in_the_next(tap: Tap, name: str) -> None:
    org = organisation(720)
    path = BY_NAME[name].path
    moved: list[str] = []

    def move(number: int, asked_path: str, params: Mapping[str, str]) -> None:
        if asked_path == path and "after" in params and not moved:
            # One of the page that is out, and one of a page to come; the latter with the later stamp.
            moved.append(change(org, name, 1, updated_at=rfc3339(now(seconds=1)))["id"])
            moved.append(change(org, name, -2, updated_at=rfc3339(now(minutes=30)))["id"])

    catalog = bare(only(name))
    with FakeApi(org, faults=move) as fake:
        first = tap(fake, settings=INCREMENTAL, catalog=catalog)
        second = tap(fake, settings=INCREMENTAL, catalog=catalog, state=first.states()[-1])
    assert moved
    new = {row["id"]: row["updated_at"] for row in there(org, name)}
    for run_id in moved:
        seen = [r["updated_at"] for run in (first, second) for r in run.records(name) if r["id"] == run_id]
        assert new[run_id] in seen
    assert instant(marks(first)[name]) <= instant(rfc3339(now()))


@pytest.mark.parametrize("ahead", [-3600.0, 3600.0])
def test_a_clock_that_is_an_hour_off_loses_nothing(tap: Tap, ahead: float) -> None:
    org = organisation(120)
    theirs = now(seconds=ahead)
    moved: list[str] = []

    def move(number: int, path: str, params: Mapping[str, str]) -> None:
        if path == "/v2/alerts" and "after" in params and not moved:
            moved.append(change(org, "alerts", 1, updated_at=rfc3339(theirs + timedelta(minutes=1)))["id"])
            change(org, "alerts", -2, updated_at=rfc3339(theirs + timedelta(minutes=30)))

    with FakeApi(org, faults=move, clock_ahead=ahead) as fake:
        first = tap(fake, settings=INCREMENTAL, catalog=only("alerts"))
        second = tap(fake, settings=INCREMENTAL, catalog=only("alerts"), state=first.states()[-1])
    assert set(moved) < {record["id"] for record in second.records("alerts")}


def test_other_incident_modes_start_over_and_say_so(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = organisation(60)
    with FakeApi(org) as fake:
        first = tap(fake, settings=INCREMENTAL, catalog=only(*FIVE))
        caplog.set_level("INFO")
        settings = {**INCREMENTAL, "incident_modes": list(INCIDENT_MODES)}
        second = tap(fake, settings=settings, catalog=only(*FIVE), state=first.states()[-1])
    check(second)
    for name in ("incidents", "actions", "follow_ups"):
        expected = Counter(key_of(name, row) for row in there(org, name, INCIDENT_MODES))
        assert second.keys(name) == expected
        assert f"{name}: incident_modes or the endpoint have changed: reading all of it again" in caplog.messages
    for name in ("alerts", "escalations"):
        assert second.keys(name) == due(org, name, marks(first)[name])
        assert not [line for line in caplog.messages if line.startswith(f"{name}: incident_modes")]
