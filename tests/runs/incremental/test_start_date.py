"""The setting start_date: from when an INCREMENTAL stream without a bookmark is read."""

from __future__ import annotations

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, organisation
from tests.fake_api.making import instant
from tests.support.incremental import INCREMENTAL, bookmarks, change, due, now, rfc3339
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
