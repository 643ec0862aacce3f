"""Sequences: all runs of one against its world, and what was found."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tap_incident.streams import BY_NAME
from tests.fake_api import FakeApi
from tests.soak.faults import Interference
from tests.soak.loader import Json, Loader
from tests.soak.oracle import OF_ONE_STREAM, Difference, Excuse, Judged, differences
from tests.soak.runner import run_tap
from tests.soak.steps import Sequence, Step
from tests.soak.world import NESTED, PATHS, World

SHOWN_BY_MODE = [name for name, stream in BY_NAME.items() if stream.mode_param and stream.parent.stream]


class Found(NamedTuple):
    """Differences after the step with this index of a sequence."""

    step: int
    differences: list[Difference]


def play(sequence: Sequence, figures: Counter[str]) -> Found | None:
    """Run a sequence to its end, or to its first difference. What it came to is added to `figures`."""
    world, loader = World(sequence.seed, sequence.incidents, sequence.page_size), Loader()
    hook = Interference(world)
    # Of the kept state: where in the history its reading began, and what was refused since then.
    base, excuses = 0, frozenset[Excuse]()
    overwritten = moved = False
    behind = 0
    with TemporaryDirectory() as folder, FakeApi(world.org, faults=hook) as api:
        world.set_clock = lambda ahead: setattr(api, "clock_ahead", ahead)
        for number, step in enumerate(sequence.steps):
            world.wait(step.waited)
            for change in step.before:
                world.apply(change)
            begun, before, kept = len(world.history) - 1, loader.tables, loader.state
            state = None if step.stateless else kept
            hook.begin(step)
            outcome = run_tap(api, world, step, state, Path(folder))
            hook.end()
            loader.load(outcome.lines, step)
            resumed, refused = _resumes(state), _refused(step, hook)
            # A resumed run that ends with 0 has nothing to excuse but deleted parents, and what it was refused itself.
            earlier = {excuse for excuse in excuses if excuse.gone or outcome.code != 0}
            now_excuses = refused | earlier if resumed else refused
            now_base = base if resumed else begun
            run = Judged(step, outcome, before, loader.tables, world.history, now_base, now_excuses, resumed)
            if loader.state is not kept:
                base, excuses = now_base, now_excuses
            figures.update({"runs": 1, "complete runs": run.complete, "killed or stopped": outcome.cut})
            # A run without the state may write null over a nested part that the kept state's bookmark covers.
            overwritten |= step.stateless and loader.state is kept
            # The bookmark moves past rows that lack a part which the API refused for one parent.
            refuses_one = any(trouble.kind in ("end", *OF_ONE_STREAM) for trouble in step.troubles)
            lacks_one = refuses_one or any(excuse.parent for excuse in refused)
            overwritten |= lacks_one and step.settings.incremental
            # A part that the key can read again comes with all rows in the run after the one that finds out. A run
            # that resumes one that was refused it does not find out.
            reads = "incidents" in step.settings.streams and run.complete and not resumed
            is_denied = step.settings.incremental and not {Excuse(name) for name in NESTED.values()}.isdisjoint(refused)
            behind = 2 if is_denied else behind
            excused = overwritten or behind == 2
            behind -= bool(behind) and not is_denied and reads
            # A full refresh misses the children of an incident that changes its mode meanwhile, until the next one.
            changes = [change for _, change in step.during] + [*(step.before if resumed else ())]
            moved = (moved and resumed) or any(change.kind == "mode" for change in changes)
            late = SHOWN_BY_MODE if moved and not step.settings.incremental else []
            wrong = (each for each in differences(run, figures) if each.stream not in late)
            found = [each for each in wrong if not (excused and each.rule == "a nested part is outdated")]
            if found:
                return Found(number, found)
    return None


def _resumes(state: Json | None) -> bool:
    return state is not None and any("walk" in mark for mark in state["bookmarks"].values())


def _refused(step: Step, hook: Interference) -> frozenset[Excuse]:
    """What the API refuses in this run."""
    found = {Excuse(name) for name in PATHS if BY_NAME[name].scope in step.settings.denied}
    for trouble in step.troubles:
        if trouble.kind in ("forbid", "gone path"):
            found.add(Excuse(trouble.stream, gone=trouble.kind == "gone path"))
        elif trouble.kind in ("private", "gone"):
            found.add(Excuse(trouble.stream, hook.parent(trouble), trouble.kind == "gone"))
    return frozenset(found)
