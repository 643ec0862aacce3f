"""What random sequences and strangers found, each as the shortest sequence that shows it; and some random sequences.

`make soak` runs as many of these as wanted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from tests.soak.sequences import play
from tests.soak.steps import Sequence, Settings, Step, Trouble, made_up
from tests.soak.world import Change


def only(*streams: str, **others: Any) -> Settings:
    """Settings that select these streams, and read what they can below each incident."""
    return replace(Settings(streams, parts=(), strategy="per_incident"), **others)


INCIDENTS = only("incidents")
ACTIONS = only("actions")
ALERTS = only("alerts", incremental=True)
NESTED = only("incidents", parts=("attachments", "updates"), incremental=True)
VERSIONED = only("incidents", activate=True)
BOTH = only("incidents", "actions")
DEFAULT = Settings(incremental=True, concurrency=8)
AT_ITS_END = 1_000_000


def broke(item: str, *steps: Step, **world: Any) -> Any:
    """A sequence that broke a promise in an earlier version; `item` says how."""
    return pytest.param(Sequence(1, **{"incidents": 8, **world}, steps=steps), id=item)


GATEWAY_404 = Trouble("html 404", 1, "actions")
NO_PERMISSION = Trouble("forbid", 0, "incident_attachments")
THREE_MODES = only("incidents", "follow_ups", modes=("standard", "retrospective", "test"), incremental=True)
WITH_TEST = replace(INCIDENTS, modes=("standard", "test"), incremental=True)

FOUND = [
    broke(
        "a gateway's 404 deletes rows: a 404 without the API's own error is taken for a deleted parent",
        Step(replace(ACTIONS, activate=True)),
        Step(replace(ACTIONS, activate=True), troubles=(GATEWAY_404,)),
    ),
    *(
        broke(f"{what}: the bookmark passes incidents whose attachments were not read", *steps, Step(NESTED))
        for what, *steps in (
            ("a gateway's 404", Step(NESTED, troubles=(Trouble("html 404", 1, "incident_attachments"),))),
            ("a permission that comes back", Step(NESTED, troubles=(NO_PERMISSION,)), Step(NESTED)),
            (
                "a permission that comes back after an interrupted run",
                Step(NESTED, troubles=(NO_PERMISSION, Trouble("end", 9))),
                Step(NESTED),
                Step(NESTED),
            ),
        )
    ),
    broke(
        "an incident becomes visible: its children's updated_at does not move, so they never come",
        Step(only("follow_ups", incremental=True)),
        Step(only("follow_ups", incremental=True), before=(Change("mode", "incidents", 6),)),
    ),
    broke(
        "a change of mode between two lists: the actions are in neither, so they are taken for deleted",
        Step(replace(BOTH, strategy="list", activate=True)),
        Step(replace(BOTH, strategy="list", activate=True), during=((3, Change("mode", "incidents", 21)),)),
    ),
    broke(
        "a change of mode between two lists: the new action is in neither, and the bookmark passes it",
        Step(replace(ACTIONS, incremental=True)),
        Step(
            replace(ACTIONS, incremental=True),
            before=(Change("create", "actions", 21),),
            during=((1, Change("mode", "incidents", 3)),),
        ),
        Step(replace(ACTIONS, incremental=True)),
        page_size=25,
    ),
    broke(
        "a stale state after a complete run without it: rows of the newer version are deleted",
        Step(VERSIONED, ends="killed", at=6),
        Step(VERSIONED, stateless=True, ends="loader died", at=AT_ITS_END, stores_early=True),
        Step(VERSIONED),
    ),
    broke(
        "a state that a loader drops: a run that ends early in the middle of a page does not end with its last STATE",
        Step(BOTH, troubles=(Trouble("end", 7),)),
    ),
    broke(
        "other modes for one full refresh: it deletes rows that the bookmark of the others still speaks for",
        Step(WITH_TEST),
        Step(replace(WITH_TEST, modes=("standard",), incremental=False, activate=True)),
        Step(WITH_TEST),
        incidents=9,
    ),
    *(
        broke(f"{what}, with the default streams: two lists ask for the same page", Step(before), Step(DEFAULT))
        for what, before in (
            ("other modes", replace(DEFAULT, modes=("standard",))),
            ("a nested part that is selected again", replace(DEFAULT, parts=("attachments",))),
        )
    ),
    *(
        broke(
            f"{what}: a full refresh deletes rows that the bookmark of another step still speaks for",
            Step(THREE_MODES),
            Step(replace(THREE_MODES, modes=("standard",), incremental=False, activate=True, denied=denied)),
            Step(THREE_MODES),
            incidents=9,
        )
        for what, denied in (("children of fewer modes", ()), ("a child that is skipped", ("actions.view",)))
    ),
]


@pytest.mark.parametrize("sequence", FOUND)
def test_a_sequence_that_was_found_to_break_a_promise(sequence: Sequence) -> None:
    found = play(sequence, Counter())
    assert found is None, (found, sequence)


@pytest.mark.parametrize("seed", range(1, 3))
def test_random_runs_lose_and_delete_nothing(seed: int) -> None:
    sequence = made_up(seed)
    found = play(sequence, Counter())
    assert found is None, (found, sequence)
