"""INCREMENTAL at its edges: start_date, rows without a time, refusals, states of other runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.fake_api.making import instant
from tests.runs.incremental.test_incremental import INCREMENTAL, change, due, filters, marks, now, rfc3339
from tests.runs.resume.test_resume import failing_at, last_state, port_of
from tests.support.runs import STANDARD, asked, bare, key_of, only, there


def test_start_date_bounds_the_first_run_and_no_other(tap: Tap) -> None:
    org = organisation(60)
    stamps = sorted((row["updated_at"] for row in there(org, "incidents", STANDARD)), key=instant)
    settings = {**INCREMENTAL, "start_date": stamps[len(stamps) // 2]}
    with FakeApi(org) as fake:
        first = tap(fake, settings=settings, catalog=only("incidents", "incident_updates"))
        second = tap(fake, settings=settings, catalog=only("incidents"), state=first.states()[-1])
    start = instant(settings["start_date"])
    expected = {row["id"] for row in there(org, "incidents") if instant(row["updated_at"]) >= start}
    assert {record["id"] for record in first.records("incidents")} == expected
    assert len(expected) == len(stamps) - len(stamps) // 2
    assert len(first.records("incident_updates")) == len(there(org, "incident_updates"))
    assert second.keys("incidents") == due(org, "incidents", marks(first)["incidents"])


def test_a_row_without_the_time_of_its_change_comes_each_time(tap: Tap) -> None:
    org = organisation(60)
    rows = org.rows["/v2/escalations"]
    timeless = {row["id"] for row in rows[:2]}
    rows[0]["updated_at"] = None
    del rows[1]["updated_at"]
    with FakeApi(org) as fake:
        run = tap(fake, settings=INCREMENTAL, catalog=only("escalations"))
    assert timeless < {record["id"] for record in run.records("escalations")}


def test_a_time_of_change_that_is_none_ends_the_run(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = organisation(60)
    row = change(org, "alerts", 0, updated_at="yesterday")
    with FakeApi(org) as fake:
        run = tap(fake, settings=INCREMENTAL, catalog=only("alerts"))
    assert run.code == 1
    assert caplog.messages[-1].startswith(f"alerts: row {row['id']}: updated_at should be a timestamp")


def test_a_list_that_is_denied_keeps_its_bookmark(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = organisation(60)
    with FakeApi(org) as fake:
        port = int(fake.url.rsplit(":", 1)[1])
        first = tap(fake, settings=INCREMENTAL)
    with FakeApi(org, denied=["incidents.view", "alerts.view"], port=port) as fake:
        second = tap(fake, settings=INCREMENTAL, state=first.states()[-1])
    assert second.code == 0
    assert second.states()[-1] == first.states()[-1]
    assert asked(fake).count("/v2/alerts") == 1
    warned = [line.split(": skipped")[0] for line in caplog.messages if ": skipped" in line]
    assert sorted(" and ".join(warned).split(" and ")) == [
        "alerts",
        "incident_attachments",
        "incident_updates",
        "incidents",
    ]


def test_an_old_state_of_a_full_table_is_taken(tap: Tap) -> None:
    org = organisation(60)
    with FakeApi(org) as fake:
        interrupted = next(s for s in tap(fake, catalog=only("alerts")).states() if s["bookmarks"])
        run = tap(fake, settings=INCREMENTAL, catalog=only("alerts"), state=interrupted)
        back = tap(fake, catalog=only("alerts"), state=run.states()[-1])
    assert run.keys("alerts") == back.keys("alerts") == Counter(key_of("alerts", r) for r in there(org, "alerts"))
    assert back.states()[-1] == run.states()[-1]


def test_a_fault_ends_no_bookmark(tap: Tap) -> None:
    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=422) if path == "/v2/alerts" and "after" in params else None

    with FakeApi(organisation(60), faults=faults) as fake:
        run = tap(fake, settings=INCREMENTAL, catalog=only("alerts"))
    assert run.code == 1
    assert set(run.states()[-1]["bookmarks"]["alerts"]) == {"after", "walk", "started", "newest"}


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("2024-01-02 01:00:00Z", "2024-01-02T01:00:00Z"),
        ("2024-01-02t01:00:00z", "2024-01-02T01:00:00Z"),
        ("2024-01-02T01:00:00.0123456789Z", "2024-01-02T01:00:00Z"),
        ("2024-01-02T01:00:00.5+14:00", "2024-01-01T11:00:00Z"),
    ],
)
def test_start_date_may_have_a_form_that_the_api_does_not_take(tap: Tap, text: str, sent: str) -> None:
    with FakeApi(organisation(10)) as fake:
        run = tap(fake, settings={**INCREMENTAL, "start_date": text}, catalog=bare(only("alerts", "incidents")))
    assert run.code == 0
    assert filters(fake, "/v2/alerts") == {sent}
    assert filters(fake, "/v2/incidents") == {"2023-12-31" if sent < "2024-01-01T12" else "2024-01-01"}


def test_start_date_counts_to_its_last_digit(tap: Tap) -> None:
    org = organisation(10)
    moment = rfc3339(now(days=-1))[:19]
    before, after = (change(org, "alerts", n, updated_at=f"{moment}.{n}Z")["id"] for n in (4, 5))
    with FakeApi(org) as fake:
        run = tap(fake, settings={**INCREMENTAL, "start_date": f"{moment}.45Z"}, catalog=only("alerts"))
    assert {record["id"] for record in run.records("alerts")} == {after} != {before}


@pytest.mark.parametrize("name", ["incidents", "alerts"])
def test_a_start_date_to_come_goes_on_counting_until_it_has(tap: Tap, name: str) -> None:
    org = organisation(30)
    settings = {**INCREMENTAL, "start_date": rfc3339(now(minutes=5))}
    # The API takes days for incidents, and so it gives this row: it is no reason for a bookmark.
    change(org, name, 0, updated_at=rfc3339(now(minutes=-1)))
    with FakeApi(org) as fake:
        first = tap(fake, settings=settings, catalog=bare(only(name)))
        second = tap(fake, settings=settings, catalog=bare(only(name)), state=first.states()[-1])
    assert (first.code, first.records(name), first.states()[-1]) == (0, [], {"bookmarks": {}})
    assert (second.code, second.records(name)) == (0, [])


@pytest.mark.parametrize("name", ["alerts", "actions"])
def test_a_list_that_is_refused_half_way_keeps_its_bookmark(tap: Tap, name: str) -> None:
    org = organisation(400)

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=403) if "after" in params or params.get("incident_mode") == "retrospective" else None

    with FakeApi(org) as fake:
        port = int(fake.url.rsplit(":", 1)[1])
        before = tap(fake, settings=INCREMENTAL, catalog=only(name)).states()[-1]
    for number in range(len(there(org, name))):
        change(org, name, number, updated_at=rfc3339(now(minutes=-number % 60)))
    with FakeApi(org, faults=faults, port=port) as fake:
        refused = tap(fake, settings=INCREMENTAL, catalog=only(name), state=before)
    assert refused.records(name)
    assert refused.states()[-1] == before
    with FakeApi(org, port=port) as fake:
        after = tap(fake, settings=INCREMENTAL, catalog=only(name), state=refused.states()[-1])
    assert after.keys(name) == Counter(key_of(name, row) for row in there(org, name))


def test_nested_updates_of_what_has_changed_are_asked_for_one_by_one(tap: Tap) -> None:
    settings = {**INCREMENTAL, "child_strategy": "list"}
    with FakeApi(organisation(60)) as fake:
        first = tap(fake, settings=settings, catalog=only("incidents"))
        assert filters(fake, "/v2/incident_updates") == {None}
        fake.requests.clear()
        second = tap(fake, settings=settings, catalog=only("incidents"), state=first.states()[-1])
    assert second.records("incidents")
    assert filters(fake, "/v2/incident_updates") == set()


@pytest.mark.parametrize("strategy", ["per_incident", "list"])
def test_no_other_strategy_is_recommended_where_it_would_change_nothing(
    tap: Tap, caplog: pytest.LogCaptureFixture, strategy: str
) -> None:
    org = organisation(60)
    settings = {**INCREMENTAL, "child_strategy": strategy}
    with FakeApi(org) as fake:
        first = tap(fake, settings=settings)
        for number in range(20):
            change(org, "incidents", number, updated_at=rfc3339(now()))
        caplog.clear()
        caplog.set_level("INFO")
        second = tap(fake, settings=settings, state=first.states()[-1])
    assert len(second.records("incidents")) >= 20
    assert [line for line in caplog.messages if "requests by child_strategy" in line]
    assert not [line for line in caplog.messages if "it would be about" in line]


def test_a_run_that_goes_on_after_a_change_of_modes_does_not_say_that_it_begins_again(
    tap: Tap, caplog: pytest.LogCaptureFixture
) -> None:
    org = organisation(400)
    catalog = bare(only("incidents"))
    with FakeApi(org) as fake:
        before, port = tap(fake, settings=INCREMENTAL, catalog=catalog), port_of(fake)
    settings = {**INCREMENTAL, "incident_modes": ["standard", "retrospective", "test"]}
    with failing_at(org, 1, port) as fake:
        first = tap(fake, settings=settings, catalog=catalog, state=last_state(before))
    caplog.clear()
    caplog.set_level("INFO")
    with FakeApi(org, port=port) as fake:
        second = tap(fake, settings=settings, catalog=catalog, state=last_state(first))
    assert second.code == 0
    assert first.records("incidents")
    assert not set(first.keys("incidents")) & set(second.keys("incidents"))
    assert "incidents: resuming where the interrupted run stopped" in caplog.messages
    assert not [line for line in caplog.messages if "reading all of it again" in line]
