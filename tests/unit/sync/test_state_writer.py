"""State writer: what is written, and which STATE says so."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pytest

from tap_incident.errors import Forbidden, Gone, MissingPermission, Rejected, Unanswered, Unreadable
from tap_incident.protocol.messages import Encoder, Writer
from tap_incident.protocol.state import Bookmark, Left, State, Tally, with_bookmark
from tap_incident.sync.plan import Step
from tap_incident.sync.problems import Problems
from tap_incident.sync.progress import Progress
from tap_incident.sync.reading import Batch, Failed, Gift, PageEnd, Source
from tap_incident.sync.resume import Start, start
from tap_incident.sync.state_writer import StateWriter
from tests.support.logs import warnings
from tests.support.runs import Json, only
from tests.unit.sync.hand_made import BEGAN, begun, config, step, whole

AT, NEWER, HALF = "2026-01-31T10:00:00Z", "2026-02-28T10:00:00Z", "2025-01-01T00:00:00Z"
USERS, ALL_ALERTS = step("users"), step("alerts")
ACTIONS, INCIDENTS = step("actions", method="INCREMENTAL"), whole(only("incidents"))


class Desk:
    """A state writer, and what it wrote."""

    def __init__(self, *starts: Start, state: State | None = None, versions: Json | None = None) -> None:
        self.out, self.problems = io.StringIO(), Problems()
        self.encoder = Encoder(versions=versions)
        progress = Progress(lambda: 0, lambda number: 0.0, lambda: 0.0)
        writer = Writer(self.out)
        self.writer = StateWriter(state or {}, writer, self.problems, progress, BEGAN, versions or {})
        self.sources = [source for each in starts for source in self.writer.begin(each, 4)]

    def page(
        self, after: str | None = None, *, source: Source | None = None, rows: int = 1, **more: Any
    ) -> list[Source]:
        """A page of the source (the first one) with this number of rows arrives. Returns the sources to read next."""
        self.rows(rows, source)
        return self.writer.take(PageEnd(source or self.sources[0], after, Tally(rows, **more)))

    def rows(self, number: int, source: Source | None = None) -> None:
        """Rows of the source (the first one) arrive."""
        selected = (source or self.sources[0]).node.selected
        if selected:
            row = dict.fromkeys(selected.stream.key_properties, "1")
            self.writer.take(Batch(selected, [self.encoder.record(selected, {**row}, AT) for _ in range(number)]))

    def fail(self, error: Unreadable, source: Source | None = None) -> list[Source]:
        """The source (the first one) fails."""
        return self.writer.take(Failed(source or self.sources[0], error))

    def give(self) -> Source:
        """The first source gives the time before HALF to a new one, which is returned."""
        giver = self.sources[0]
        taker = replace(giver, left=Left(0, None, HALF, (None, HALF)))
        assert self.writer.take(Gift(giver, taker, HALF, None)) == [taker]
        return taker

    def messages(self) -> list[Json]:
        """What was written."""
        return [json.loads(line) for line in self.out.getvalue().splitlines()]

    def kinds(self) -> str:
        """The first letters of the types of all messages: S, R, A, and + for STATE."""
        return "".join("+" if each["type"] == "STATE" else each["type"][0] for each in self.messages())

    def state(self, name: str) -> Json | None:
        """The bookmark in the last STATE. The state writer has the same."""
        last: Json = [each["value"] for each in self.messages() if each["type"] == "STATE"][-1]
        assert last == self.writer.state
        found: Json | None = last["bookmarks"].get(name)
        return found

    def finish(self) -> State:
        """The state at the end of the run."""
        assert self.writer.is_done
        self.writer.finish()
        return self.writer.state


def resumed(of: Step, left: Left | None = None, **more: Any) -> tuple[Start, State]:
    """The start of a run that resumes an interrupted one, and its state."""
    mark = Bookmark(organisation="ours", walk=begun(of).walk, left=(left or Left(after="c1"),), **more)
    state = with_bookmark({}, of.name, mark)
    return start(of, state, config(), "ours"), state


def test_state_speaks_only_for_rows_that_are_out() -> None:
    desk = Desk(begun(USERS))
    desk.page("c1", rows=2)
    mark = {"walk": begun(USERS).walk, "organisation": "ours", "left": [{"list": 0, "after": "c1"}], "rows": 2}
    assert (desk.kinds(), desk.state("users")) == ("SRR+", mark)
    desk.rows(1)
    assert desk.kinds() == "SRR+R"
    assert not desk.writer.is_done
    desk.page(None, rows=0)
    assert (desk.kinds(), desk.state("users"), desk.finish()) == ("SRR+R+", None, {"bookmarks": {}})


def test_gift_changes_what_is_left_of_both() -> None:
    desk = Desk(begun(ALL_ALERTS))
    taker = desk.give()
    assert desk.kinds() == ""
    desk.page("c1")
    far = {"list": 0, "to": HALF, "asked": [None, HALF]}
    assert (desk.state("alerts") or {})["left"] == [{"list": 0, "from": HALF, "after": "c1"}, far]
    desk.page("c9", source=taker)
    desk.page(None)
    assert (desk.state("alerts") or {})["left"] == [{**far, "after": "c9"}]
    assert not desk.writer.is_done
    desk.page(None, source=taker)
    assert desk.finish() == {"bookmarks": {}}


def test_state_is_frozen_once_rows_of_the_step_are_missing() -> None:
    desk = Desk(begun(ACTIONS))
    one, two, three = desk.sources
    desk.page("c1", source=one)
    desk.fail(Rejected("409"), two)
    desk.page("c2", source=one)
    desk.page(None, source=three)
    assert desk.page(None, source=one) == []
    # The next run resumes where the last STATE was, with the list that failed. The same STATE comes once more.
    assert desk.kinds() == "SR+RRR"
    assert [left["list"] for left in desk.finish()["bookmarks"]["actions"]["left"]] == [0, 1, 2]
    assert desk.kinds() == "SR+RRR+"


@pytest.mark.parametrize(
    ("error", "after", "keeps"),
    [
        (Rejected("409"), None, False),
        (Gone("404"), None, False),
        (Unanswered("500"), None, True),
        (Unanswered("500"), "c2", True),
    ],
)
def test_cursor_of_a_list_that_failed_stays_if_it_may_help(error: Unreadable, after: str | None, keeps: bool) -> None:
    found, state = resumed(USERS)
    desk = Desk(found, state=state)
    if after:
        desk.page(after)
    desk.fail(error)
    left = desk.finish()["bookmarks"].get("users", {}).get("left")
    assert left == ([{"list": 0, "after": after or "c1"}] if keeps else None)


def test_cursor_of_a_window_that_is_refused_does_not_stay() -> None:
    # The next run would ask for the same window, and get the same answer.
    desk = Desk(begun(ALL_ALERTS))
    taker = desk.give()
    desk.page("c1")
    desk.fail(Rejected("422"), taker)
    desk.page()
    assert desk.finish() == {"bookmarks": {}}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, {"parts": ["updates", "attachments"]}),
        ({"refused": ("updates",)}, {"parts": ["attachments"], "denied": ["updates"]}),
        ({"lacks": {"updates": 2}}, {"parts": ["updates", "attachments"], "lacking": {"updates": 2}}),
    ],
)
def test_incremental_bookmark_moves_on_and_keeps_what_rows_lack(more: Json, expected: Json) -> None:
    desk = Desk(begun(INCIDENTS))
    desk.page("c1", newest=NEWER, **more)
    middle = desk.state("incidents") or {}
    assert (middle.get("refused", []), middle.get("lacks")) == ([*more.get("refused", ())], more.get("lacks"))
    desk.page(None, newest=AT)
    mark = {"updated_at": NEWER, "scope": begun(INCIDENTS).scope, "organisation": "ours", **expected}
    assert desk.state("incidents") == mark


def test_incremental_step_does_not_move_on_if_all_further_rows_lack_a_part() -> None:
    desk = Desk(begun(INCIDENTS))
    desk.page("c1", newest=NEWER)
    for number in range(10):
        desk.problems.parent_failed(INCIDENTS.parts["attachments"], f"I{number}", Rejected("422"))
    desk.page("c2", newest=NEWER)
    desk.page(None, newest=NEWER)
    assert desk.finish()["bookmarks"]["incidents"]["left"] == [{"list": 0, "after": "c1"}]


@pytest.mark.parametrize(
    ("versions", "more", "keeps"),
    [({}, {}, True), ({"alerts": 7}, {}, False), ({}, {"refused": ("x",)}, False), ({}, {"lacks": {"x": 1}}, False)],
)
def test_full_refresh_keeps_the_bookmark_of_incremental_runs_if_its_rows_are_still_true(
    versions: Json, more: Json, keeps: bool
) -> None:
    state: State = {"bookmarks": {"alerts": {"updated_at": AT, "scope": "s"}}}
    desk = Desk(start(ALL_ALERTS, state, config(), None), state=state, versions=versions)
    desk.page("c1")
    assert (desk.state("alerts") or {})["updated_at"] == AT
    desk.page(None, **more)
    assert desk.finish() == (state if keeps else {"bookmarks": {}})


def test_full_refresh_heals_what_rows_of_incremental_runs_lack(caplog: pytest.LogCaptureFixture) -> None:
    lacks = Bookmark(updated_at=AT, scope="s", parts=("updates",), denied=("attachments",), lacking={"updates": 2})
    state = with_bookmark({}, "incidents", lacks)
    desk = Desk(start(whole(only("incidents"), "FULL_TABLE"), state, config(), None), state=state)
    desk.page(None)
    healed = {"updated_at": AT, "scope": "s", "parts": ["updates", "attachments"]}
    assert desk.finish()["bookmarks"]["incidents"] == healed
    assert warnings(caplog) == []


def test_second_look_follows_when_all_lists_have_ended() -> None:
    planned = step("actions", method="INCREMENTAL", modes=("standard",))
    desk = Desk(begun(planned))
    assert desk.page(None, newest=AT) == []
    (look,) = desk.page(None, source=desk.sources[1])
    assert (look.node.name, look.left) == ("incidents", Left(2))
    assert (desk.state("actions") or {})["left"] == [{"list": 2}]
    assert desk.page(None, source=look) == []
    assert (desk.finish()["bookmarks"]["actions"])["updated_at"] == AT
    # A run that was interrupted there has no other.
    desk = Desk(resumed(planned, Left(2), tally=Tally(newest=AT), started=AT)[0])
    assert [source.node.name for source in desk.sources] == ["incidents"]
    assert desk.page(None) == []
    assert desk.writer.is_done


@pytest.mark.parametrize(
    ("error", "moves"), [(Forbidden("403"), True), (MissingPermission("403", ""), True), (Rejected("409"), False)]
)
def test_second_look_that_the_key_may_not_take_is_a_warning(
    error: Unreadable, moves: bool, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(resumed(ACTIONS, Left(3), tally=Tally(newest=AT), started=AT)[0])
    desk.fail(error)
    assert bool(desk.finish().get("bookmarks")) is moves
    assert any("the key may not list incidents" in line for line in warnings(caplog)) is moves


def test_step_says_what_earlier_runs_lack(caplog: pytest.LogCaptureFixture) -> None:
    found = replace(begun(INCIDENTS), known=Bookmark(updated_at=AT, lacking={"updates": 1_500, "attachments": 1}))
    Desk(found).page(None)
    ends = "could not be read in an earlier run: null, until the stream is read whole"
    assert warnings(caplog) == [f"incidents: updates of 1,500 rows {ends}", f"incidents: attachments of 1 row {ends}"]
