"""The setting start_date: from when an INCREMENTAL stream without a bookmark is read."""

from __future__ import annotations

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, organisation
from tests.fake_api.making import instant
from tests.support.incremental import INCREMENTAL, bookmarks, change, due, now, rfc3339, update_filters
from tests.support.runs import (
    STANDARD,
    bare,
    only,
    there,
)


def test_start_date_limits_only_the_first_run(tap: Tap) -> None:
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
    assert second.keys("incidents") == due(org, "incidents", bookmarks(first)["incidents"])


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("2024-01-02 01:00:00Z", "2024-01-02T01:00:00Z"),
        ("2024-01-02T01:00:00.5+14:00", "2024-01-01T11:00:00Z"),
    ],
)
def test_start_date_is_sent_in_the_form_that_the_api_takes(tap: Tap, text: str, sent: str) -> None:
    with FakeApi(organisation(12)) as fake:
        run = tap(fake, settings={**INCREMENTAL, "start_date": text}, catalog=bare(only("alerts", "incidents")))
    assert run.code == 0
    assert update_filters(fake, "/v2/alerts") == {sent}
    assert update_filters(fake, "/v2/incidents") == {"2023-12-31" if sent < "2024-01-01T12" else "2024-01-01"}


def test_start_date_counts_to_its_last_digit(tap: Tap) -> None:
    org = organisation(12)
    moment = rfc3339(now(days=-1))[:19]
    before, after = (change(org, "alerts", n, updated_at=f"{moment}.{n}Z")["id"] for n in (4, 5))
    with FakeApi(org) as fake:
        run = tap(fake, settings={**INCREMENTAL, "start_date": f"{moment}.45Z"}, catalog=only("alerts"))
    assert {record["id"] for record in run.records("alerts")} == {after} != {before}


@pytest.mark.parametrize("name", ["incidents", "alerts"])
def test_start_date_in_the_future_limits_each_run_until_then(tap: Tap, name: str) -> None:
    org = organisation(30)
    settings = {**INCREMENTAL, "start_date": rfc3339(now(minutes=5))}
    # The API filters incidents by day, so it returns this row. The row must not become a bookmark.
    change(org, name, 0, updated_at=rfc3339(now(minutes=-1)))
    with FakeApi(org) as fake:
        first = tap(fake, settings=settings, catalog=bare(only(name)))
        second = tap(fake, settings=settings, catalog=bare(only(name)), state=first.states()[-1])
    assert (first.code, first.records(name), first.states()[-1]) == (0, [], {"bookmarks": {}})
    assert (second.code, second.records(name)) == (0, [])
