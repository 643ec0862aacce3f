"""Streams that are read per row of a parent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tap_incident.streams import BY_NAME, STREAMS, Stream
from tests.conftest import Tap
from tests.fake_api import FakeApi, organisation
from tests.support.runs import asked, check, key_of, only, param_values, there


@pytest.mark.parametrize("child", [stream.name for stream in STREAMS if stream.parent.stream])
def test_child_stream_syncs_without_its_parent(tap: Tap, child: str) -> None:
    org = organisation(5)
    with FakeApi(org) as fake:
        run = tap(fake, catalog=only(child))
    check(run)
    assert run.streams() == [child]
    assert run.keys(child) == Counter(key_of(child, row) for row in there(org, child))
    assert set(asked(fake)) == {stream.path for stream in with_ancestors(BY_NAME[child])}


def with_ancestors(stream: Stream) -> Iterator[Stream]:
    """The stream, its parent, the parent's parent."""
    yield stream
    if stream.parent.stream:
        yield from with_ancestors(BY_NAME[stream.parent.stream])


def test_incident_relationships_come_for_both_incidents(tap: Tap) -> None:
    org = organisation(30)
    with FakeApi(org) as fake:
        run = tap(fake, catalog=only("incident_relationships"), settings={"incident_modes": ["standard"]})
    sides = Counter(record["id"] for record in run.records("incident_relationships"))
    assert set(sides.values()) == {1, 2}, "some of the others are no standard incidents"
    for record in run.records("incident_relationships"):
        assert record["incident"]["id"] != record["incident_id"]


def test_alert_notes_of_a_group_are_requested_once(tap: Tap) -> None:
    org = organisation(1)
    with FakeApi(org) as fake:
        run = tap(fake, catalog=only("alert_notes"))
    groups = Counter(value for value in param_values(fake, "/v1/alert_notes", "alert_group_id") if value)
    named = Counter(group for alert in org.rows["/v2/alerts"] for group in alert.get("alert_group_ids") or ())
    assert groups == Counter(named.keys())
    assert max(named.values()) > 1
    noted = {record["alert_group_id"] for record in run.records("alert_notes")} - {None}
    assert noted
    assert noted <= named.keys()
