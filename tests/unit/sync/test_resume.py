"""Resume: where a step begins with the state of an earlier run, and the bookmark that it ends with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tap_incident.protocol.state import Bookmark, Left, State, Tally, with_bookmark
from tap_incident.sync.plan import Step
from tap_incident.sync.resume import Start, final, start
from tests.support.logs import infos
from tests.support.runs import Json, only, set_field
from tests.unit.sync.hand_made import BEGAN, MODES, begun, config, step, whole

AT, CHANGED = "2026-01-31T10:00:00Z", "incident_modes or the endpoint have changed: reading all of it again"
OVER = "the selection or the settings have changed since the interrupted run: starting over"
RESUMING = "resuming where the interrupted run stopped"
OTHER = "the key belongs to another organisation than in the last run: reading all of it"
ALERTS, ACTIONS = step("alerts", method="INCREMENTAL"), step("actions", method="INCREMENTAL")


def with_parts(*parts: str) -> Step:
    """The step of incidents with these nested parts."""
    catalog = only("incidents")
    for part in {"updates", "attachments"} - set(parts):
        set_field(catalog, "incidents", "properties", part, selected=False)
    return whole(catalog)


def next_run(of: Step, state: State, *, organisation: str | None = "ours", **settings: Any) -> Start:
    """The start of a run with this state."""
    return start(of, state, config(**settings), organisation)


def finished(of: Step, *, updated_at: str = AT, **more: Any) -> State:
    """The state of a run that read this incremental step."""
    first = begun(of)
    mark = Bookmark(updated_at, first.scope, "ours", parts=tuple(of.parts))
    return with_bookmark({}, of.name, replace(mark, **more))


def interrupted(of: Step, *left: Left, **more: Any) -> State:
    """The state of a run that was interrupted."""
    first = begun(of)
    return with_bookmark(
        {}, of.name, Bookmark(organisation="ours", walk=first.walk, left=left or (Left(after="c1"),), **more)
    )


@pytest.mark.parametrize(
    ("of", "mark", "since", "notice"),
    [
        # 1.0, full refresh: a cursor and a fingerprint.
        (ALERTS, {"after": "c1", "walk": "f1"}, None, OVER),
        # 1.1: interrupted with windows, with another list, and ended.
        (ALERTS, {"walk": "f1", "windows": [{"from": AT}], "part": 1, "started": AT, "newest": AT}, None, OVER),
        (ALERTS, {"updated_at": AT, "scope": "of 1.1"}, None, CHANGED),
        # The official tap, and a tap of an SDK.
        (ACTIONS, {"updated_at": AT}, "2026-01-30T10:00:00Z", ""),
        (ACTIONS, {"replication_key_value": AT}, "2026-01-30T10:00:00Z", ""),
        (ACTIONS, {}, None, ""),
    ],
)
def test_states_of_other_versions_and_taps(of: Step, mark: Json, since: str | None, notice: str) -> None:
    found = next_run(of, {"bookmarks": {of.name: mark}})
    assert (found.since, found.notice, found.is_resumed) == (since, notice, False)
    assert found.left == tuple(Left(number) for number in range(len(of.lists)))


def test_bookmark_of_the_official_tap_is_taken_over_with_any_endpoint_but_only_for_the_default_modes() -> None:
    state: State = {"bookmarks": {"actions": {"updated_at": AT}}}
    assert next_run(ACTIONS, state, endpoint="https://other.invalid").since == "2026-01-30T10:00:00Z"
    one_mode = step("actions", method="INCREMENTAL", modes=("standard",))
    found = next_run(one_mode, state, incident_modes=["standard"])
    assert (found.since, found.notice) == (None, CHANGED)


@pytest.mark.parametrize(
    ("of", "organisation", "settings", "since", "notice"),
    [
        (ALERTS, "ours", {}, "2026-01-31T09:55:00Z", ""),
        (ALERTS, "theirs", {}, None, OTHER),
        (ALERTS, "ours", {"endpoint": "https://other.invalid"}, None, CHANGED),
        (ALERTS, "theirs", {"start_date": BEGAN}, BEGAN, f"{OTHER} since {BEGAN}"),
    ],
)
def test_bookmark_is_only_used_for_its_endpoint_and_organisation(
    of: Step, organisation: str | None, settings: Json, since: str | None, notice: str
) -> None:
    found = next_run(of, finished(of), organisation=organisation, **settings)
    assert (found.since, found.notice) == (since, notice)
    assert bool(found.known.updated_at) is not bool(notice)
    assert found.organisation == (organisation or "ours")


BOTH = ("updates", "attachments")
ADDED = "updates newly selected: reading all of it again"


@pytest.mark.parametrize(
    ("had", "has", "more", "notice"),
    [
        (BOTH, BOTH, {}, ""),
        # A part was lost, and a part was gained.
        (BOTH, ("attachments",), {}, ""),
        (("attachments",), BOTH, {}, ADDED),
        # The key could not read it, or not for some rows: the bookmark moved on.
        (BOTH, BOTH, {"parts": ("attachments",), "denied": ("updates",)}, ""),
        (BOTH, BOTH, {"lacking": {"updates": 3}}, ""),
        # 1.1 names only the parts that are lacking.
        (BOTH, BOTH, {"parts": None}, ""),
    ],
)
def test_part_that_is_newly_selected_brings_all_rows_again(
    had: tuple[str, ...], has: tuple[str, ...], more: Json, notice: str
) -> None:
    found = next_run(with_parts(*has), finished(with_parts(*had), **more))
    assert found.notice == notice
    assert (found.since is None) is bool(notice)


@pytest.mark.parametrize(
    ("settings", "organisation", "resumes"),
    [
        ({}, "ours", True),
        ({}, "theirs", False),
        ({"max_concurrency": 1, "requests_per_minute": 5}, "ours", True),
        ({"start_date": AT}, "ours", False),
        ({"endpoint": "https://other.invalid"}, "ours", False),
    ],
)
def test_interrupted_run_is_resumed_with_the_same_walk(settings: Json, organisation: str | None, resumes: bool) -> None:
    left = Left(0, AT, BEGAN, (AT, None), "c1"), Left(0, None, AT)
    state = interrupted(ALERTS, *left, started=AT, tally=Tally(7, BEGAN))
    found = next_run(ALERTS, state, organisation=organisation, **settings)
    assert found.is_resumed is resumes
    assert found.notice == (RESUMING if resumes else OTHER if organisation == "theirs" else OVER)
    assert found.left == (left if resumes else (Left(),))
    assert (found.known.started, found.known.tally) == ((AT, Tally(7, BEGAN)) if resumes else (None, Tally()))


def test_interrupted_run_of_a_list_that_is_not_there_starts_over() -> None:
    found = next_run(ALERTS, interrupted(ALERTS, Left(1)))
    assert (found.notice, found.left) == (OVER, (Left(),))


def test_interrupted_run_with_rows_that_lack_a_part_is_not_resumed() -> None:
    found = next_run(ALERTS, interrupted(ALERTS, tally=Tally(lacks={"updates": 1})))
    assert found.notice == "the interrupted run could not read updates of some rows: starting over"
    assert (found.is_resumed, found.known.tally) == (False, Tally())


def test_versions_and_the_length_of_a_window_belong_to_the_walk() -> None:
    shifts = step("schedule_entries")
    walks = [begun(of, **settings).walk for of, settings in (
        (step("users"), {}),
        (step("users"), {"activate_version": True}),
        (step("users"), {"schedule_window_days": 3, "activate_version": False}),
        (shifts, {}),
        (shifts, {"schedule_window_days": 3}),
    )]  # fmt: skip
    assert [walks.index(walk) for walk in walks] == [0, 1, 0, 3, 4]


def test_lists_are_asked_for_from_the_bookmark_on_and_a_second_look_from_the_start_of_the_run() -> None:
    bookmarked = next_run(whole(only("incidents")), finished(whole(only("incidents"))))
    assert dict(bookmarked.listing(Left(), BEGAN)[1])["updated_at[gte]"] == "2026-01-30"
    found = next_run(ACTIONS, finished(ACTIONS))
    assert [dict(found.listing(left, BEGAN)[1]) for left in found.left] == [
        {"incident_mode": mode, "updated_at[gte]": "2026-01-31T09:55:00Z"} for mode in (*MODES, "stream")
    ]
    again = Left(3)
    assert [found.is_second_look(left) for left in (*found.left, again)] == [False, False, False, True]
    assert dict(found.listing(again, BEGAN)[1])["updated_at[gte]"] == "2026-01-30"
    first = begun(ACTIONS)
    assert dict(first.listing(again, BEGAN)[1])["updated_at[gte]"] == "2026-05-31"


@pytest.mark.parametrize(
    ("known", "newest", "again", "began", "expected"),
    [
        (None, "2026-01-31T10:00:00.10Z", None, "2026-01-31T11:00:00Z", "2026-01-31T10:00:00.10Z"),
        (None, "2026-01-31T10:00:00.10Z", None, AT, AT),
        # A row whose part is gone is read once more, and not for ever.
        (None, BEGAN, AT, BEGAN, AT),
        ("2026-01-30T10:00:00Z", BEGAN, AT, BEGAN, AT),
        (AT, BEGAN, AT, BEGAN, BEGAN),
        # Compared as text, these would be the other way round.
        ("2026-01-31T10:00:00.9Z", "2026-01-31T11:00:00+02:00", None, BEGAN, "2026-01-31T10:00:00.9Z"),
        (AT, None, None, BEGAN, AT),
        (None, None, None, AT, None),
    ],
)
def test_final_bookmark_is_the_newest_change_but_not_after_the_start(
    known: str | None, newest: str | None, again: str | None, began: str, expected: str | None
) -> None:
    first = next_run(ALERTS, finished(ALERTS, updated_at=known) if known else {})
    mark = final(first, began=began, tally=Tally(newest=newest, again=again))
    assert mark.updated_at == expected
    assert (mark == Bookmark()) is (expected is None)
    if expected:
        assert (mark.scope, mark.organisation, mark.parts) == (first.scope, "ours", ())


def test_final_bookmark_of_a_resumed_run_is_not_after_the_start_of_the_interrupted_one() -> None:
    first = next_run(ALERTS, interrupted(ALERTS, started=AT))
    assert final(first, began=BEGAN, tally=Tally(newest=BEGAN)).updated_at == AT


WITHOUT: Json = {"parts": ("updates",), "denied": ("attachments",)}


@pytest.mark.parametrize(
    ("known", "tally", "expected"),
    [
        ({}, Tally(9), (BOTH, (), {})),
        (
            {},
            Tally(9, refused=("updates",), lacks={"updates": 4, "attachments": 2}),
            (BOTH[1:], BOTH[:1], {"attachments": 2}),
        ),
        ({"lacking": {"updates": 1}}, Tally(9, lacks={"updates": 2}), (BOTH, (), {"updates": 3})),
        # No row came that shows whether the key can read it by now.
        (WITHOUT, Tally(0), (BOTH[:1], BOTH[1:], {})),
        (WITHOUT, Tally(9, refused=("attachments",)), (BOTH[:1], BOTH[1:], {})),
        (WITHOUT, Tally(9, lacks={"attachments": 9}), (BOTH[:1], BOTH[1:], {})),
        # It can: the next run reads all rows.
        (WITHOUT, Tally(9), None),
    ],
)
def test_final_bookmark_keeps_what_its_rows_lack_until_it_can_be_read(
    known: Json, tally: Tally, expected: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    of = with_parts(*BOTH)
    first = next_run(of, finished(of, **known))
    assert first.known.updated_at == AT
    mark = final(first, began=BEGAN, tally=tally)
    assert mark == Bookmark() if expected is None else (mark.parts, mark.denied, mark.lacking) == expected
    again = "incidents: attachments can be read again: the next run reads all of it"
    assert infos(caplog) == ([again] if expected is None else [])
