"""STATE, and runs that go on from it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, Organisation, organisation
from tests.support.runs import Json, Run, asked, bare, key_of, only, set_field, there

SELECTED = ("incidents", "actions", "alerts", "catalog_entries")


@contextmanager
def failing_at(org: Organisation, number: int, port: int = 0) -> Iterator[FakeApi]:
    """A stand-in whose answers are refusals from the request for rows `number` on."""
    lists = count()

    def faults(at: int, path: str, params: Any) -> Fault | None:
        return Fault(status=422) if path != "/v1/identity" and next(lists) >= number else None

    with FakeApi(org, faults=faults, port=port) as fake:
        yield fake


def port_of(fake: FakeApi) -> int:
    """For a stand-in at the same address, which is part of what a state speaks of."""
    return int(fake.url.rsplit(":", 1)[1])


def last_state(run: Run) -> Json:
    """The state that an orchestrator would keep."""
    return run.states()[-1] if run.states() else {}


def test_no_record_is_older_than_a_state_that_speaks_for_it(tap: Tap) -> None:
    org = organisation(600)
    with FakeApi(org) as fake:
        run = tap(fake, catalog=bare(only("incidents", "actions")))
    order = [record["id"] for record in run.records("incidents")]
    out: list[str] = []
    actions: Counter[str] = Counter()
    seen = 0
    for message in run.messages:
        if message["type"] == "RECORD" and message["stream"] == "incidents":
            out.append(message["record"]["id"])
        elif message["type"] == "RECORD":
            actions[message["record"]["incident_id"]] += 1
        elif message["type"] == "STATE" and "incidents" in message["value"]["bookmarks"]:
            seen += 1
            # The stand-in's cursor is the id of a page's last row, so a state says what must be out; none is all.
            after = message["value"]["bookmarks"]["incidents"].get("after")
            spoken_for = set(order[: order.index(after) + 1] if after else order)
            assert spoken_for == set(out)
            expected = Counter(row["incident_id"] for row in there(org, "actions") if row["incident_id"] in spoken_for)
            assert actions == expected
    assert seen == len(order) // 250 + 1 > 1


@pytest.mark.parametrize("strategy", ["per_incident", "list"])
def test_a_run_that_failed_anywhere_goes_on_to_the_same_rows(tap: Tap, strategy: str) -> None:
    org = organisation(320)
    catalog = bare(only(*SELECTED))
    settings = {"child_strategy": strategy}
    with FakeApi(org) as fake:
        tap(fake, catalog=catalog, settings=settings)
        requests, port = len(asked(fake)), port_of(fake)
    step = max(1, requests // 6)
    for number in range(1, requests, step):
        with failing_at(org, number, port) as fake:
            first = tap(fake, catalog=catalog, settings=settings)
        with FakeApi(org, port=port) as fake:
            second = tap(fake, catalog=catalog, settings=settings, state=last_state(first))
        assert (first.code, second.code) == (1, 0)
        for stream in SELECTED:
            expected = {key_of(stream, row) for row in there(org, stream)}
            assert set(first.keys(stream)) | set(second.keys(stream)) == expected, (number, stream)


def test_an_interrupted_walk_is_not_started_over(tap: Tap) -> None:
    org = organisation(700)
    catalog = bare(only("incidents", "alerts"))
    with failing_at(org, 2) as fake:
        first = tap(fake, catalog=catalog)
        port = port_of(fake)
    assert len(first.records("incidents")) == 500
    with FakeApi(org, port=port) as fake:
        second = tap(fake, catalog=catalog, state=last_state(first))
    assert not set(first.keys("incidents")) & set(second.keys("incidents"))
    assert len(first.records("incidents")) + len(second.records("incidents")) == len(there(org, "incidents"))


def test_streams_rotate_to_the_interrupted_one_and_none_is_dropped(tap: Tap) -> None:
    org = organisation(3)
    with FakeApi(org) as fake:
        plain = tap(fake, catalog=only("incidents", "severities", "alerts"))
        state = {"currently_syncing": "alerts", "bookmarks": {}}
        rotated = tap(fake, catalog=only("incidents", "severities", "alerts"), state=state)
    assert plain.streams() == ["incidents", "severities", "alerts"]
    assert rotated.streams() == ["alerts", "incidents", "severities"]


@pytest.mark.parametrize(
    ("catalog", "settings"),
    [
        (only("incidents", "actions"), {}),
        (only("incidents"), {"incident_modes": ["standard", "test"]}),
        (set_field(only("incidents"), "incidents", "properties", "name", selected=False), {}),
    ],
    ids=["another stream", "another mode", "another field"],
)
def test_a_changed_walk_starts_over_and_says_so(
    tap: Tap, caplog: pytest.LogCaptureFixture, catalog: Json, settings: Json
) -> None:
    org = organisation(400)
    with failing_at(org, 1) as fake:
        first = tap(fake, catalog=bare(only("incidents")))
        port = port_of(fake)
    assert last_state(first)["bookmarks"]["incidents"]["after"]
    with FakeApi(org, port=port) as fake, caplog.at_level(logging.INFO):
        second = tap(fake, catalog=bare(catalog), settings=settings, state=last_state(first))
    modes = settings.get("incident_modes", ["standard", "retrospective"])
    assert second.keys("incidents") == Counter(key_of("incidents", row) for row in there(org, "incidents", modes))
    assert "starting over" in caplog.text


def test_a_cursor_that_the_api_no_longer_knows_starts_the_stream_over(
    tap: Tap, caplog: pytest.LogCaptureFixture
) -> None:
    org = organisation(3)
    with FakeApi(org) as fake:
        state = next(s for s in tap(fake, catalog=only("alerts")).states() if s["bookmarks"])
        state["bookmarks"]["alerts"]["after"] = "no-such-row"
        run = tap(fake, catalog=only("alerts"), state=state)
    assert run.code == 0
    assert run.keys("alerts") == Counter(key_of("alerts", row) for row in org.rows["/v2/alerts"])
    assert "alerts" in caplog.text
    assert "starting over" in caplog.text


def test_keys_of_others_in_a_state_are_kept(tap: Tap) -> None:
    state = {"bookmarks": {"other": "x"}, "mine": 1}
    with FakeApi(organisation(1)) as fake:
        run = tap(fake, catalog=only("severities"), state=state)
    assert run.states() == [state]


@pytest.mark.parametrize("state", [[], "x", {"bookmarks": 1}, {"bookmarks": {"alerts": 1}}, {"currently_syncing": 1}])
def test_an_unusable_state_is_an_error_that_names_the_file(
    tap: Tap, caplog: pytest.LogCaptureFixture, state: Any
) -> None:
    with FakeApi(organisation(1)) as fake:
        run = tap(fake, state=state)
        assert fake.requests == []
    assert run.code == 1
    assert "state.json" in caplog.text
