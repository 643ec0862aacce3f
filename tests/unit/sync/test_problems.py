"""Problems: what each means for its stream, for those below it, for the others, and for the end of the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tap_incident.api.answers import Page
from tap_incident.errors import (
    BadData,
    BadKey,
    Forbidden,
    Gone,
    MissingPermission,
    NoConnection,
    Rejected,
    TapError,
    Unanswered,
)
from tap_incident.streams import BY_NAME
from tap_incident.sync.problems import Problems
from tests.support.logs import infos, warnings
from tests.support.runs import Json, catalog_with, only, set_field
from tests.unit.sync.hand_made import Answers, ids, node, run

LACKS = MissingPermission("403 lacks it", "")
REFUSED = [Forbidden("403"), Rejected("409"), BadData("no list"), Unanswered("500")]
CHILDREN = ["incident_attachments", "custom_field_options"]


def family(child: str, count: int, wrong: Mapping[str, TapError]) -> Answers:
    """Answers for `count` parents P0, P1 ... with one row of a child stream each, or an error of `wrong`."""
    stream = BY_NAME[child]

    def answers(name: str, params: Mapping[str, str], after: str | None) -> Page:
        if name == stream.parent.stream:
            return Page([{"id": f"P{number}"} for number in range(count)])
        parent = params[stream.parent.id_param]
        if parent in wrong:
            raise wrong[parent]
        return Page([{**dict.fromkeys(stream.key_properties, parent), "id": f"of {parent}"}])

    return answers


def catalog(child: str, *, explicit: bool = True) -> Json:
    """A catalog with a child stream, or with incidents that hold it."""
    stream = BY_NAME[child]
    names = {child, str(stream.parent.stream)}
    found = only(*names) if explicit else catalog_with(lambda _, metadata: metadata.pop("selected", None), names)
    if "incidents" in names:
        set_field(found, "incidents", "properties", "updates", selected=False)
    return found


def read(messages: list[Json], child: str) -> int:
    """How many rows of the child came."""
    return sum(each["type"] == "RECORD" and each["stream"] == child for each in messages)


@pytest.mark.parametrize("child", CHILDREN)
@pytest.mark.parametrize(
    ("count", "odd"), [(12, 0), (12, 5), (12, 11), (1, 0)], ids=["first", "middle", "last", "alone"]
)
def test_odd_parent_costs_its_own_rows_wherever_it_comes(
    child: str, count: int, odd: int, caplog: pytest.LogCaptureFixture
) -> None:
    parent = str(BY_NAME[child].parent.stream)
    for error in REFUSED:
        messages, _, failed = run(catalog(child), family(child, count, {f"P{odd}": error}))
        assert read(messages, child) == count - 1
        assert ids(messages, parent) == [f"P{number}" for number in range(count)]
        assert str(failed) == (
            f"{child}: the rows of 1 of {count} parents are missing (P{odd}), first because of: {error}. "
            "Everything else was read"
        )
        nested = [each["record"]["attachments"] for each in messages if "attachments" in each.get("record", {})]
        assert [number for number, found in enumerate(nested) if found is None] == ([odd] if nested else [])
        assert any(line.startswith(f"{child}: the rows of one parent can't be read") for line in warnings(caplog))
        assert f"incomplete: {child}" in infos(caplog)[-1]
        caplog.clear()


@pytest.mark.parametrize(
    ("count", "wrong", "expected"),
    [
        (9, range(9), "the rows of 9 of 9 parents are missing (P0, P1, P2, P3, P4, ...), first because of: no P0"),
        (40, range(10), "no P0"),
        # Once one has answered, the others are asked for, however many fail.
        (
            40,
            range(1, 40),
            "the rows of 39 of 40 parents are missing (P1, P2, P3, P4, P5, ...), first because of: no P1",
        ),
    ],
)
def test_stream_ends_if_the_first_ten_parents_all_fail(count: int, wrong: range, expected: str) -> None:
    child = "custom_field_options"
    answers = family(child, count, {f"P{number}": Rejected(f"no P{number}") for number in wrong})
    messages, client, failed = run(catalog(child), answers, max_concurrency=1)
    assert str(failed).removeprefix(f"{child}: ") == f"{expected}. Everything else was read"
    assert len(ids(messages, "custom_fields")) == count
    assert (len([name for name, *_ in client.asked if name == child]) < count) is (expected == "no P0")


@pytest.mark.parametrize("explicit", [True, False])
@pytest.mark.parametrize("odd", [0, 5, 11])
def test_permission_that_the_key_lacks_is_no_fault_of_one_parent(explicit: bool, odd: int) -> None:
    child = "custom_field_options"
    messages, _, failed = run(catalog(child, explicit=explicit), family(child, 12, {f"P{odd}": LACKS}))
    assert (failed is not None) is explicit
    assert read(messages, child) == odd
    assert len(ids(messages, "custom_fields")) == 12


def test_list_that_is_only_read_for_a_skipped_child_is_not_read_on() -> None:
    child = "custom_field_options"

    def answers(name: str, params: Mapping[str, str], after: str | None) -> Page:
        if name == child:
            raise LACKS
        return Page([{"id": f"P{after}"}], str(int(after or 0) + 1) if after != "50" else None)

    _, client, failed = run(only(child), answers, max_concurrency=1)
    assert failed is not None
    assert len([name for name, *_ in client.asked if name == "custom_fields"]) < 20


SKIPPED = "teams: skipped: the key lacks the permission catalog_entries.view"
OWN: list[tuple[TapError, str]] = [
    (MissingPermission("lacks", "catalog_entries.view"), SKIPPED),
    (LACKS, SKIPPED),
    (Forbidden("the API's words"), "teams: skipped: the API refuses it. (the API's words)"),
    *((error, f"{error}. The stream ends here; the others are still read") for error in (*REFUSED[1:], Gone("404"))),
]


@pytest.mark.parametrize(("error", "text"), OWN)
@pytest.mark.parametrize("page", [1, 2])
def test_list_of_its_own_ends_or_is_skipped_and_the_others_are_read(
    error: TapError, text: str, page: int, caplog: pytest.LogCaptureFixture
) -> None:
    def answers(name: str, params: Any, after: str | None) -> Page:
        if name == "teams" and (page == 1 or after):
            raise error
        return Page([{"id": f"{name}{after}"}], "c" if name == "teams" else None)

    skipped = "skipped" in text
    for explicit in (False, True):
        names = ("teams", "users")
        chosen = only(*names) if explicit else catalog_with(lambda _, metadata: metadata.pop("selected", None), names)
        messages, _, failed = run(chosen, answers)
        assert len(ids(messages, "users")) == 1
        # In the middle of a list, even a missing permission is an error.
        assert (failed is not None) is (not skipped or page == 2 or explicit)
    assert text in caplog.text or page == 2
    assert ("skipped: teams" in infos(caplog)[-1]) is (skipped and page == 1)


@pytest.mark.parametrize("error", [BadKey("401"), NoConnection("nothing answers")])
def test_some_errors_end_the_run(error: TapError) -> None:
    for stream in ("custom_fields", "custom_field_options"):

        def answers(name: str, params: Any, after: str | None, failing: str = stream) -> Page:
            if name == failing:
                raise error
            return Page([{"id": "1"}])

        assert run(only("custom_field_options", "users"), answers)[2] is error


TREE = node("custom_fields", node("custom_field_options"))


def test_path_that_is_gone_stays_so_in_a_resumed_run() -> None:
    child = node("custom_field_options")
    before, now = Problems(), Problems()
    for number in range(2):
        before.parent_failed(child, f"P{number}", Gone("404"))
    assert (before.parents[child.name].all_gone, before.only_gone(TREE)) == (False, {child.name: 2})
    now.resume(before.only_gone(TREE), ())
    now.parent_failed(child, "P2", Gone("404"))
    assert now.parents[child.name].all_gone
    now.answered(child, parent=True)
    assert (now.parents[child.name].all_gone, now.only_gone(TREE)) == (False, {})


@pytest.mark.parametrize("error", [Rejected("409"), Forbidden("403"), LACKS, BadData("no list")])
@pytest.mark.parametrize("again", [False, True])
def test_rows_that_an_interrupted_run_left_out_are_not_forgotten_by_the_resumed_run(
    error: TapError, again: bool
) -> None:
    child, is_first = "custom_field_options", True

    def answers(name: str, params: Mapping[str, str], after: str | None) -> Page:
        if name == child:
            if is_first or again:
                raise error
            return Page([{"id": "O", "custom_field_id": params["custom_field_id"]}])
        if after == "2" and is_first:
            raise BadKey("401")
        # The first page is out before the last one is requested.
        number = int(after or 0)
        return Page([{"id": f"P{number}{row}"} for row in range(9)], None if number == 2 else str(number + 1))

    messages, _, failed = run(catalog(child, explicit=False), answers, max_concurrency=1)
    assert isinstance(failed, BadKey)
    is_first = False
    state = [each["value"] for each in messages if each["type"] == "STATE"][-1]
    _, _, failed = run(catalog(child, explicit=False), answers, state, max_concurrency=1)
    # What is skipped in both runs is no failure.
    assert (failed is None) is (error is LACKS and again)
    if not again:
        left_out = f"{child}: rows are missing that the interrupted run could not read. Everything else was read"
        assert str(failed) == left_out


def test_part_of_a_denied_list_is_said_to_be_null_where_it_is_nested(caplog: pytest.LogCaptureFixture) -> None:
    def answers(name: str, params: Mapping[str, str], after: str | None) -> Page:
        if name == "incident_updates":
            raise LACKS
        return Page([{"id": "I1", "mode": "standard"}])

    chosen = only("incidents", "incident_updates")
    state = {"bookmarks": {"incidents": {"updated_at": "2026-01-31T10:00:00Z"}}}
    run(chosen, answers, state, method="INCREMENTAL")
    assert any("incident_updates: skipped (null in incidents.updates)" in line for line in warnings(caplog))
