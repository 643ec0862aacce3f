"""An interrupted run continues from its last STATE; and which states the tap takes."""

from __future__ import annotations

import logging
from collections import Counter

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, organisation
from tests.support.faults import failing_at, last_state, port_of
from tests.support.runs import Json, asked, bare, cursor, key_of, only, set_field, there
from tests.support.thorough import sampled

SELECTED = ("incidents", "actions", "alerts", "catalog_entries")


@pytest.mark.thorough
@pytest.mark.parametrize("method", ["FULL_TABLE", "INCREMENTAL"])
@pytest.mark.parametrize("strategy", ["per_incident", "list"])
def test_resume_after_a_failure_at_any_request_gives_all_rows(tap: Tap, strategy: str, method: str) -> None:
    org = organisation(32, rows_per_page=25)
    catalog = bare(only(*SELECTED))
    settings = {"child_strategy": strategy, "replication_method": method}
    with FakeApi(org) as fake:
        tap(fake, catalog=catalog, settings=settings)
        requests, port = len(asked(fake)), port_of(fake)
    points = range(1, requests) if strategy == "list" else range(1, requests, max(1, requests // 12))
    for number in sampled(points, 2):
        with failing_at(org, number, port) as fake:
            first = tap(fake, catalog=catalog, settings=settings)
        with FakeApi(org, port=port) as fake:
            second = tap(fake, catalog=catalog, settings=settings, state=last_state(first))
        assert (first.code, second.code) == (1, 0)
        for stream in SELECTED:
            expected = {key_of(stream, row) for row in there(org, stream)}
            assert set(first.keys(stream)) | set(second.keys(stream)) == expected, (number, stream)


def test_resume_reads_no_page_again(tap: Tap) -> None:
    org = organisation(32, rows_per_page=25)
    catalog = bare(only("incidents"))
    with failing_at(org, 1) as fake:
        first = tap(fake, catalog=catalog)
        port = port_of(fake)
    assert len(first.records("incidents")) == 25
    with FakeApi(org, port=port) as fake:
        second = tap(fake, catalog=catalog, state=last_state(first))
    assert not set(first.keys("incidents")) & set(second.keys("incidents"))
    assert len(first.records("incidents")) + len(second.records("incidents")) == len(there(org, "incidents"))


@pytest.mark.parametrize(
    ("catalog", "settings"),
    [
        (only("incidents", "incident_updates"), {}),
        (only("incidents"), {"incident_modes": ["standard", "test"]}),
        (only("incidents"), {"replication_method": "INCREMENTAL"}),
        (set_field(only("incidents"), "incidents", "properties", "name", selected=False), {}),
    ],
    ids=["another stream", "another mode", "another method", "another field"],
)
def test_resume_starts_over_when_selection_or_settings_changed(
    tap: Tap, caplog: pytest.LogCaptureFixture, catalog: Json, settings: Json
) -> None:
    org = organisation(32, rows_per_page=25)
    with failing_at(org, 1) as fake:
        first = tap(fake, catalog=bare(only("incidents")))
        port = port_of(fake)
    assert cursor(last_state(first), "incidents")
    with FakeApi(org, port=port) as fake, caplog.at_level(logging.INFO):
        second = tap(fake, catalog=bare(catalog), settings=settings, state=last_state(first))
    modes = settings.get("incident_modes", ["standard", "retrospective"])
    assert second.keys("incidents") == Counter(key_of("incidents", row) for row in there(org, "incidents", modes))
    assert "starting over" in caplog.text


def test_resume_starts_over_when_the_api_refuses_the_cursor(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = organisation(3)
    with FakeApi(org) as fake:
        state = next(s for s in tap(fake, catalog=only("alerts")).states() if s["bookmarks"])
        state["bookmarks"]["alerts"]["left"][0]["after"] = "no-such-row"
        run = tap(fake, catalog=only("alerts"), state=state)
    assert run.code == 0
    assert run.keys("alerts") == Counter(key_of("alerts", row) for row in org.rows["/v2/alerts"])
    assert "alerts" in caplog.text
    assert "starting over" in caplog.text


STATES: list[tuple[Json, Json]] = [
    ({"currently_syncing": "alerts", "bookmarks": {}}, {"bookmarks": {}}),
    ({"bookmarks": {"other": "x"}, "mine": 1}, {"bookmarks": {"other": "x"}, "mine": 1}),
    ({"bookmarks": {"alerts": {"after": "01HK2ZFJM00001", "walk": "x"}, "other": 1}}, {"bookmarks": {"other": 1}}),
]


@pytest.mark.parametrize(("given", "left"), STATES, ids=["of version 1.0", "with unknown keys", "with an old cursor"])
def test_state_loses_what_is_over_and_keeps_what_the_tap_does_not_know(tap: Tap, given: Json, left: Json) -> None:
    with FakeApi(organisation(3)) as fake:
        run = tap(fake, catalog=only("severities"), state=given)
    assert (run.code, run.states()[-1]) == (0, left)
