"""Which bookmark an INCREMENTAL stream gets, and that no changed row falls between two runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta, timezone

import pytest

from tap_incident.streams import BY_NAME
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.fake_api.making import instant
from tests.support.faults import port_of
from tests.support.incremental import INCREMENTAL, bookmarks, change, now, rfc3339
from tests.support.runs import asked, bare, key_of, only, there


@pytest.mark.parametrize("name", ["alerts", "incidents"])
def test_bookmark_compares_timestamps_in_any_form(tap: Tap, name: str) -> None:
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


def test_bookmark_loses_no_row_that_becomes_visible_late(tap: Tap) -> None:
    org = organisation(12)
    late = there(org, "alerts")[3]
    path = BY_NAME["alerts"].path
    with FakeApi(org) as fake:
        org.rows[path] = [row for row in org.rows[path] if row is not late]
        first = tap(fake, settings=INCREMENTAL, catalog=only("alerts"))
        stamp = rfc3339(instant(bookmarks(first)["alerts"])[0] - timedelta(minutes=4, seconds=50))
        org.rows[path] = [*org.rows[path], {**late, "updated_at": stamp}]
        second = tap(fake, settings=INCREMENTAL, catalog=only("alerts"), state=first.states()[-1])
    assert late["id"] in {record["id"] for record in second.records("alerts")}


@pytest.mark.parametrize("name", ["incidents", "alerts", "actions"])
def test_bookmark_loses_no_row_that_changes_while_its_list_is_read(tap: Tap, name: str) -> None:
    org = organisation(50, rows_per_page=25)
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
    assert instant(bookmarks(first)[name]) <= instant(rfc3339(now()))


@pytest.mark.parametrize("ahead", [-3600.0, 3600.0])
def test_bookmark_loses_no_row_when_a_clock_is_an_hour_off(tap: Tap, ahead: float) -> None:
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


def test_bookmark_is_kept_when_the_list_is_denied(tap: Tap) -> None:
    org = organisation(60)
    with FakeApi(org) as fake:
        port = port_of(fake)
        first = tap(fake, settings=INCREMENTAL)
    with FakeApi(org, denied=["incidents.view", "alerts.view"], port=port) as fake:
        second = tap(fake, settings=INCREMENTAL, state=first.states()[-1])
    assert second.code == 0
    assert second.states()[-1] == first.states()[-1]
    assert asked(fake).count("/v2/alerts") == 1


@pytest.mark.parametrize("name", ["alerts", "actions"])
def test_bookmark_is_kept_when_a_later_page_is_denied(tap: Tap, name: str) -> None:
    org = organisation(60)

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=403) if "after" in params or params.get("incident_mode") == "retrospective" else None

    with FakeApi(org) as fake:
        port = port_of(fake)
        before = tap(fake, settings=INCREMENTAL, catalog=only(name)).states()[-1]
    for number in range(len(there(org, name))):
        change(org, name, number, updated_at=rfc3339(now(minutes=-1 - number % 60)))
    with FakeApi(org, faults=faults, port=port) as fake:
        refused = tap(fake, settings=INCREMENTAL, catalog=only(name), state=before)
    assert refused.code == 1
    assert refused.records(name)
    assert bookmarks(refused) == {name: before["bookmarks"][name]["updated_at"]}
    with FakeApi(org, port=port) as fake:
        after = tap(fake, settings=INCREMENTAL, catalog=only(name), state=refused.states()[-1])
    assert refused.keys(name) | after.keys(name) == Counter(key_of(name, row) for row in there(org, name))


def test_bookmark_in_the_future_is_a_warning_and_comes_back(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    state = {"bookmarks": {"alerts": {"updated_at": "2099-01-01T00:00:00Z"}}}
    with FakeApi(organisation(3)) as fake:
        run = tap(fake, settings=INCREMENTAL, catalog=only("alerts"), state=state)
    assert run.code == 0
    assert "alerts: the bookmark 2099-01-01T00:00:00Z lies in the future" in caplog.text
    assert instant(bookmarks(run)["alerts"])[0] <= now()
