"""Sequences: all runs of one against its world, and what was found."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from tap_incident.streams import BY_NAME
from tests.fake_api import FakeApi
from tests.soak.faults import Interference
from tests.soak.loader import Json, Loader, Table
from tests.soak.oracle import After, Difference, Excuses, differences
from tests.soak.runner import Outcome, run_tap
from tests.soak.steps import Sequence, Step
from tests.soak.world import PATHS, World, line_of
from tests.support.runs import Run, check

REFUSALS = ("private", "forbid", "gone path")
"""Troubles after which a run may end with 1, but everything else must be there."""
SHOWN_BY_MODE = [name for name, stream in BY_NAME.items() if stream.mode_param and stream.parent.stream]
OF_ONE_STREAM = ("reject", "unreadable")
"""Troubles that end one stream. The others must be there."""


@dataclass(frozen=True)
class Found:
    """Differences after the step with this index of a sequence."""

    step: int
    differences: list[Difference]


@dataclass(frozen=True)
class Lineage:
    """Of the kept state: where in the history its reading began, and what was refused since then."""

    base: int = 0
    excuses: Excuses = field(default_factory=Excuses)


@dataclass(frozen=True)
class _Run:
    """One run: its step, what is left of it, from where in the history it has read, and whether it resumed another."""

    step: Step
    outcome: Outcome
    lineage: Lineage
    resumed: bool

    @property
    def troubles(self) -> set[str]:
        """The kinds of troubles that were planned for it."""
        return {trouble.kind for trouble in self.step.troubles}

    @property
    def disturbed(self) -> bool:
        """Whether it may have taken nothing for complete."""
        return self.resumed or self.outcome.code != 0 or bool(self.troubles)

    @property
    def complete(self) -> bool:
        """Whether everything that the API did not refuse must be there."""
        outcome = self.outcome
        others_come = self.troubles & {*REFUSALS, *OF_ONE_STREAM} and "end" not in self.troubles and not outcome.cut
        if outcome.code == 1 and (self.step.during or outcome.mistakes):
            return False  # The row that a cursor names may have left the list, which ends that stream.
        return not outcome.loader_died and (outcome.code == 0 or (outcome.code == 1 and bool(others_come)))


def play(sequence: Sequence, figures: Counter[str]) -> Found | None:
    """Run a sequence to its end, or to its first difference. What it came to is added to `figures`."""
    hook, world, loader, lineage = Interference(), World(sequence.seed, sequence.incidents), Loader(), Lineage()
    world.org.rows_per_page = sequence.page_size
    figures["sequences"] += 1
    overwritten = moved = False
    with TemporaryDirectory() as folder, FakeApi(world.org, faults=hook) as api:
        world.set_clock = lambda ahead: setattr(api, "clock_ahead", ahead)
        for number, step in enumerate(sequence.steps):
            world.wait(step.waited)
            for change in step.before:
                world.apply(change)
            begun, before, kept = world.present, loader.tables, loader.state
            state = None if step.stateless else kept
            hook.denied = step.settings.denied
            hook.begin(world, step.during, step.troubles)
            outcome = run_tap(api, world, step, state, Path(folder))
            hook.end()
            loader.load(outcome.lines, step.habits, died=outcome.loader_died)
            resumed, refused = _resumes(state), _refused(step, hook)
            chain = Lineage(lineage.base, lineage.excuses | refused) if resumed else Lineage(begun, refused)
            lineage = lineage if loader.state is kept else chain
            run = _Run(step, outcome, chain, resumed)
            _count(figures, run, hook.done, sequence.steps[max(0, number - 1)])
            after = _after(run, world, before, loader)
            found = [*_broken_rules(run), *differences(after, figures)]
            # A run without the state may write null over a nested part that the kept state's bookmark covers.
            overwritten |= step.stateless and loader.state is kept
            # The bookmark moves past rows that lack a part which the API refused for one parent.
            refuses_one = any(trouble.kind in ("end", *OF_ONE_STREAM) for trouble in step.troubles)
            overwritten |= (bool(refused.parents) or refuses_one) and step.settings.incremental
            found = [each for each in found if not (overwritten and each.rule == "a nested part is outdated")]
            # A full refresh misses the children of an incident that changes its mode meanwhile, until the next one.
            changes = [change for _, change in step.during] + [*(step.before if resumed else ())]
            moved = (moved and resumed) or any(change.kind == "mode" for change in changes)
            moves = moved and not step.settings.incremental
            found = [each for each in found if not (moves and each.stream in SHOWN_BY_MODE)]
            if found:
                return Found(number, found)
    return None


def _resumes(state: Json | None) -> bool:
    marks = ((state or {}).get("bookmarks") or {}).values()
    return bool((state or {}).get("currently_syncing")) or any("walk" in mark for mark in marks)


def _refused(step: Step, hook: Interference) -> Excuses:
    """What the API refuses in this run."""
    excuses = Excuses({name for name in PATHS if BY_NAME[name].scope in step.settings.denied})
    for trouble in step.troubles:
        parent = hook.parent(trouble) if trouble.kind in ("private", "gone") else None
        if trouble.kind in ("forbid", "gone path"):
            excuses.streams.add(trouble.stream)
        elif parent:
            excuses.parents.add((trouble.stream, parent))
        if trouble.kind == "gone" and parent:
            excuses.gone.add((trouble.stream, parent))
    return excuses


def _after(run: _Run, world: World, before: dict[str, Table], loader: Loader) -> After:
    settings, lineage = run.step.settings, run.lineage
    # A stream that ends early, and all that are read along with it.
    ended = {[*line_of(each.stream)][-1] for each in run.step.troubles if each.kind in OF_ONE_STREAM}
    excuses = Excuses({name for name in PATHS if [*line_of(name)][-1] in ended}, changed=run.disturbed)
    lines, excuses = run.outcome.lines, lineage.excuses | excuses
    return After(world, settings, lineage.base, before, loader.tables, lines, excuses, run.complete)


SECOND_LOOK = [name for name in PATHS if "incidents" in line_of(name)]


def _broken_rules(run: _Run) -> Iterator[Difference]:
    """What is wrong with a run whatever the world is like."""
    outcome, lines, excuses = run.outcome, run.outcome.lines, run.lineage.excuses
    # Incidents that changed since the second in which the run started are read again, with what belongs to them.
    try:
        check(Run(1, [json.loads(line) for line in lines]), repeats=SECOND_LOOK)
    except AssertionError as error:
        yield Difference("a wrong message", "", str(error).partition("\n")[0])
    if outcome.code not in (0, 1, None, 143):
        yield Difference("an exit code", "", str(outcome.code))
    yield from (Difference("a mistake in the tap", "", text) for text in outcome.mistakes)
    refused = run.troubles & {"end", *REFUSALS, *OF_ONE_STREAM} or all(
        map(excuses.of_stream, run.step.settings.streams)
    )
    if outcome.code == 1 and not (outcome.cut or run.step.during or refused):
        yield Difference("a run failed without a reason", "", str(sorted(run.troubles)))
    ended_early = outcome.code == 143 or (outcome.code == 1 and not outcome.loader_died and not outcome.cut)
    kinds = [json.loads(line)["type"] for line in lines]
    states = [number for number, kind in enumerate(kinds) if kind == "STATE"]
    if ended_early and states and "RECORD" in kinds[states[-1] :]:
        # A loader that drops its state at the next RECORD would have none, and everything would be read again.
        yield Difference("a RECORD came after the last STATE", "", f"exit code {outcome.code}")


def _count(figures: Counter[str], run: _Run, faults: int, former: Step) -> None:
    figures["runs"] += 1
    figures["complete"] += run.complete
    figures["killed or stopped"] += run.outcome.cut
    figures["faults"] += faults
    figures["changes of the world"] += len(run.step.before) + len(run.step.during)
    figures["changes between runs"] += run.step.settings != former.settings
