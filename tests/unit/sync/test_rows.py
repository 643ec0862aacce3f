"""Rows as messages: nested parts and their nulls, their order, what is requested ahead, and the second look."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tap_incident.api.answers import Page
from tap_incident.errors import Forbidden, Gone, MissingPermission, Rejected, TapError
from tap_incident.protocol.state import Left
from tap_incident.sync.reading import Batch, PageEnd, Source
from tap_incident.sync.rows import PageOut, as_messages
from tap_incident.sync.second_look import SecondLook, looked_at
from tap_incident.sync.windows import Room
from tests.support.runs import Json, only
from tests.unit.sync.hand_made import begun, ids, node, run, sharing, step, whole


@pytest.mark.parametrize(
    ("answer", "expected", "refused", "lacks"),
    [
        (Page([]), [], set(), {}),
        (Page([{"id": "A1"}]), ["A1"], set(), {}),
        # The incident was deleted: nobody knows what it had, and nothing is missing.
        (Gone("404"), None, set(), {}),
        (Forbidden("403"), None, set(), {"attachments": 1}),
        (Rejected("422"), None, set(), {"attachments": 1}),
        (MissingPermission("403", ""), None, {"attachments"}, {}),
    ],
)
def test_nested_part_that_nobody_knows_is_null_and_never_an_empty_list(
    answer: Any, expected: Any, refused: set[str], lacks: Json
) -> None:
    def answers(name: str, params: Mapping[str, str], after: str | None) -> Page:
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, Page)
        return answer

    incidents = whole().root
    part = next(each for each in incidents.children if each.name == "incident_attachments")
    incidents = replace(incidents, children=(replace(part, selected=None),))
    with sharing(answers) as (shared, _):
        pages = iter([Page([{"id": "I1", "mode": "standard"}])])
        *messages, end = as_messages(shared, incidents, pages)
    (line,) = [line for each in messages if isinstance(each, Batch) for line in each.lines]
    found = json.loads(line)["record"]["attachments"]
    assert (found if found is None else [row["id"] for row in found]) == expected
    assert isinstance(end, PageOut)
    assert (end.refused, end.lacks) == (refused, lacks)
    assert bool(end.gone) is isinstance(answer, Gone)


def test_children_are_requested_ahead_but_not_for_the_whole_list() -> None:
    asked: list[int] = []

    def pages(number: int) -> Any:
        for at in range(number):
            asked.append(at)
            yield Page([{"id": f"P{at}"}], None if at == number - 1 else str(at))

    of = node("custom_fields", node("custom_field_options"))
    with sharing(lambda *_: Page([]), max_concurrency=2) as (shared, _):
        for each in as_messages(shared, of, pages(50)):
            if isinstance(each, Batch) and each.lines:
                break
    # Four for each of the two requests that may be under way, turns and ends of pages.
    assert 3 < len(asked) < 12


BEGAN, SINCE = "2026-06-01T00:00:00Z", "2026-05-01T00:00:00Z"
LATER, BETWEEN, EARLIER = "2026-06-01T00:00:01Z", "2026-05-15T00:00:00Z", "2026-04-01T00:00:00Z"
LOOK = SecondLook("updated_at", BEGAN, SINCE)


@pytest.mark.parametrize(
    ("since", "updated", "created", "due", "missed"),
    [
        # An incident that changed during the run: all its actions, whatever they say.
        (SINCE, LATER, EARLIER, True, [True, True, True, True]),
        (None, LATER, EARLIER, True, [True, True, True, True]),
        # One that changed since the bookmark: those that did not, because the list had the others.
        (SINCE, BETWEEN, EARLIER, True, [False, True, False, True]),
        # One that is new: all its actions are newer.
        (SINCE, BETWEEN, BETWEEN, False, []),
        (None, BETWEEN, EARLIER, False, []),
    ],
)
def test_second_look_is_for_children_that_a_change_of_their_parent_showed(
    since: str | None, updated: str, created: str, due: bool, missed: list[bool]
) -> None:
    look, parent = replace(LOOK, since=since), {"id": "I1", "updated_at": updated, "created_at": created}
    assert look.is_due(parent) is due
    times = (BETWEEN, EARLIER, None, LATER) if due else ()
    assert [look.missed({"id": "A", "updated_at": time}, parent) for time in times] == missed


@pytest.mark.parametrize(("due", "total", "requests"), [(3, 10, 3), (40, 10, 2), (40, 10_000, 2 + 40)])
def test_second_look_reads_whole_lists_if_that_takes_far_fewer_requests(due: int, total: int, requests: int) -> None:
    asked: list[str] = []

    def answers(name: str, params: Mapping[str, str], after: str | None) -> Page:
        asked.append(name)
        return Page([{"id": "A", "incident_id": params.get("incident_id", "I1"), "updated_at": EARLIER}], None, total)

    rows = [{"id": f"I{number}", "updated_at": LATER, "created_at": EARLIER} for number in range(due)]
    of = step("actions", method="INCREMENTAL")
    first = replace(begun(of), since=SINCE)
    look = Left(len(of.lists))
    source = Source(first, look, *first.listing(look, BEGAN), Room(1, 1))
    with sharing(answers) as (shared, _):
        *found, end = looked_at(shared, source, iter([Page(rows, "c")]))
    assert isinstance(end, PageEnd)
    assert (end.after, asked) == ("c", ["actions"] * requests)
    assert sum(len(each.lines) for each in found if isinstance(each, Batch)) == (2 if requests == 2 else due)


@pytest.mark.parametrize(
    ("refused", "asked"),
    [(None, ["A2"]), (Rejected("422"), ["A1", "A2", "A3"]), (Forbidden("403"), ["A1", "A2", "A3"])],
)
def test_notes_are_asked_for_where_the_filter_says_that_there_are_some(
    refused: TapError | None, asked: list[str]
) -> None:
    def answers(name: str, params: Mapping[str, str], after: str | None) -> Page:
        if name == "alert_notes":
            return Page([{"id": f"of {value}"} for value in params.values()])
        if "has_notes[is]" in params:
            if refused:
                raise refused
            return Page([{"id": "A2"}])
        return Page([{"id": f"A{number}", "alert_group_ids": ["G1"]} for number in (1, 2, 3)])

    messages, client, failed = run(only("alert_notes"), answers)
    assert failed is None
    assert sorted(params.get("alert_id", "") for name, params, _ in client.asked if name == "alert_notes") == [
        "",
        *asked,
    ]
    assert sorted(ids(messages, "alert_notes")) == [*(f"of {each}" for each in asked), "of G1"]
