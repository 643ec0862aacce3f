"""The smallest sequence that still breaks a promise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tests.soak.sequences import Found, play
from tests.soak.steps import HABITS, Sequence, Settings, Step


def shrunk(sequence: Sequence, found: Found, tries: int = 80) -> Sequence:
    """The smallest sequence found in so many tries that breaks one of the same promises."""
    sequence = replace(sequence, steps=sequence.steps[: found.step + 1])
    while tries > 0:
        for smaller in _smaller(sequence):
            tries -= 1
            now = play(smaller)
            if now and now.rules() & found.rules():
                sequence = replace(smaller, steps=smaller.steps[: now.step + 1])
                break
            if tries <= 0:
                break
        else:
            break
    return sequence


def _smaller(sequence: Sequence) -> Iterator[Sequence]:
    steps = sequence.steps
    for number in range(len(steps)):
        yield replace(sequence, steps=(*steps[:number], *steps[number + 1 :]))
    for number, step in enumerate(steps):
        for less in _simpler(step):
            yield replace(sequence, steps=(*steps[:number], less, *steps[number + 1 :]))
    for stream in dict.fromkeys(name for step in steps for name in step.settings.streams):
        fewer = [replace(step, settings=_without(step.settings, stream)) for step in steps]
        if all(step.settings.streams for step in fewer):
            yield replace(sequence, steps=tuple(fewer))


def _without(settings: Settings, stream: str) -> Settings:
    return replace(settings, streams=tuple(name for name in settings.streams if name != stream))


def _simpler(step: Step) -> Iterator[Step]:
    if step.ends:
        yield replace(step, ends="", at=0)
    for number in range(len(step.before)):
        yield replace(step, before=(*step.before[:number], *step.before[number + 1 :]))
    for number in range(len(step.during)):
        yield replace(step, during=(*step.during[:number], *step.during[number + 1 :]))
    for number in range(len(step.troubles)):
        yield replace(step, troubles=(*step.troubles[:number], *step.troubles[number + 1 :]))
    if step.habits != HABITS:
        yield replace(step, habits=HABITS)
    if step.settings.concurrency > 1:
        yield replace(step, settings=replace(step.settings, concurrency=1))
