"""--check --assumptions, and what a sync does where one is wrong: whole runs against broken stand-ins."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from tap_incident.assumptions.probe import MOST_REQUESTS
from tap_incident.assumptions.table import assumptions
from tap_incident.timestamps import is_timestamp
from tests.conftest import Printed, Tap
from tests.fake_api import FakeApi, Fault
from tests.fake_api.traps import CATEGORIES, MODES
from tests.runs.check.broken import CASES, Broken, Case, Params, ideal
from tests.support.faults import refusal
from tests.support.runs import Json, key_of, only, there

ASSUMPTIONS = {each.id: each for each in assumptions()}
Table = dict[str, dict[str, str]]


def table(printed: Printed, fake: FakeApi) -> Table:
    """What the command says, by assumption and list."""
    code, out, _ = printed(fake, "--check", "--assumptions")
    assert code == 0
    found: Table = {}
    for line in out.splitlines()[2:-2]:
        name, _, rest = line.split(maxsplit=2)
        result, _, names = rest.rpartition(": ")
        found.setdefault(name, {}).update(dict.fromkeys(names.split(", "), result))
    return found


def test_every_assumption_holds_for_the_stand_in(printed: Printed) -> None:
    with Broken(ideal(300), denied=["policies.view"]) as fake:
        found = table(printed, fake)
    assert len(fake.requests) <= MOST_REQUESTS
    assert {request.method for request in fake.requests} == {"GET"}
    assert not [name for name, lists in found.items() if any("not hold" in result for result in lists.values())]
    assert [name for name in ASSUMPTIONS if any("holds" in result for result in found[name].values())] == [*ASSUMPTIONS]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.id}{case.says}")
def test_table_says_which_assumption_is_wrong_and_a_sync_is_safe(case: Case, printed: Printed, tap: Tap) -> None:
    org = ideal()
    org.rows_per_page = 20
    case.change(org)
    with Broken(org, case.ask, case.tell, faults=case.faults, **case.options) as fake:
        assert f"does not hold{case.says}" in table(printed, fake)[case.id].values()
        run = tap(fake, catalog=only(*case.streams.split()), settings=case.settings)
    assert run.code == case.code
    for stream in case.streams.split() if run.code == 0 else ():
        missing = {key_of(stream, row) for row in there(org, stream)} - run.keys(stream).keys()
        assert not missing or "No run can notice this" in ASSUMPTIONS[case.id].if_wrong


def mark(value: Any) -> Any:
    """The value with a mark in each text that is no word of the API and no timestamp."""
    if isinstance(value, dict):
        return {name: mark(found) for name, found in value.items()}
    if isinstance(value, list):
        return [mark(each) for each in value]
    is_word = not isinstance(value, str) or value in {*CATEGORIES, *MODES, "true", "false"} or is_timestamp(value)
    return value if is_word else f"MARK{value}"


def test_output_has_nothing_of_the_organisation(printed: Printed, caplog: pytest.LogCaptureFixture) -> None:
    quoting = {"type": "MARK", "errors": [{"code": "MARK", "message": "MARK", "metadata": {"scope": "MARK"}}]}
    broken = {"/v2/policies": refusal(403, quoting), "/v1/api_keys": refusal(422, quoting, X_RateLimit_Limit="MARK")}
    caplog.set_level("INFO")
    outputs = []
    for is_marked in (False, True):
        org = ideal(300)
        if is_marked:
            org.modes = {f"MARK{name}": mode for name, mode in org.modes.items()}
            for path in org.rows:
                org.rows[path] = mark(org.rows[path])
        with Broken(org, faults=lambda number, path, params: broken.get(path)) as fake:
            _, out, err = printed(fake, "--check", "--assumptions")
        assert "MARK" not in out + err + caplog.text
        outputs.append(out.rpartition("\n\n")[0])
    assert outputs[0] == outputs[1]
    assert not re.search(r"\d{3}|:\d", outputs[0])
    assert "refusals           observed  does not hold (another permission): policies" in outputs[0]


@pytest.mark.parametrize("row", [{}, {"id": 7, "created_at": "soon", "updated_at": [], "alert_group_ids": {"a": 1}}])
def test_rows_of_any_form_are_only_no_evidence(row: Json, printed: Printed) -> None:
    def tell(path: str, params: dict[str, str], body: Json) -> None:
        body |= {name: [row] * 9 for name, value in body.items() if isinstance(value, list)} | {"identity": None}

    with Broken(ideal(), tell=tell) as fake:
        found = table(printed, fake)
    assert {*found["order"].values(), *found["created-filter"].values()} == {"can't be told here"}


@pytest.mark.parametrize("answer", ["an empty page", "the list starts over", "refused"])
@pytest.mark.parametrize("interrupted", [False, True])
def test_cursor_of_a_deleted_row_loses_no_row(answer: str, interrupted: bool, printed: Printed, tap: Tap) -> None:
    org = ideal()
    org.rows_per_page = 20
    rows = org.rows["/v2/alerts"]
    # The row of the first cursor of a sync is deleted. The checks ask for one that never was.
    is_due = False

    def ask(path: str, params: Params) -> Params:
        nonlocal is_due
        after = dict(params).get("after", "")
        if path != "/v2/alerts" or not after:
            return params
        if is_due:
            is_due = False
            rows[:] = [row for row in rows if row["id"] != after]
        if answer == "refused" or after in [row["id"] for row in rows]:
            return params
        others = [pair for pair in params if pair[0] != "after"]
        return others if answer == "the list starts over" else [*others, ("after", rows[-1]["id"])]

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return refusal(422) if interrupted and path == "/v2/alerts" and number == 2 else None

    with Broken(org, ask) as fake:
        verdict = table(printed, fake)["deleted-cursor"]["alerts"]
    assert verdict == ("holds" if answer == "refused" else "does not hold") + f" ({answer})"
    is_due = True
    one_by_one = {"catalog": only("alerts"), "settings": {"max_concurrency": 1}}
    with Broken(org, ask, faults=faults) as fake:
        runs = [tap(fake, **one_by_one)]
        if interrupted:
            assert runs[0].code == 1
            runs.append(tap(fake, **one_by_one, state=runs[0].states()[-1]))
    read = {key for run in runs for key in run.keys("alerts")}
    assert runs[-1].code == 1 or not {(row["id"],) for row in rows} - read
