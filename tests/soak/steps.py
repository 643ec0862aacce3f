"""A sequence as data: what happens before, during and after each of its runs; and how to make one up from a seed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import reduce
from random import Random

from tap_incident.settings import INCIDENT_MODES
from tap_incident.streams import BY_NAME, STREAMS
from tests.soak.world import MARKS, NESTED, PARENTS, Change, line_of

HOUR = 3600
LASTING = ("forbid", "private", "gone path")
DEFAULTS = tuple(stream.name for stream in STREAMS if stream.selected_by_default)
_BELOW_INCIDENTS = tuple(name for name, (parent, _) in PARENTS.items() if parent == "incidents")
_INCREMENTAL = tuple(stream.name for stream in STREAMS if stream.replication_key)
_GROUPS = (
    ("incidents", "actions", "follow_ups"),
    ("incidents", "incident_updates", "incident_attachments"),
    ("actions", "follow_ups", "alerts"),
    ("alerts", "escalations", "severities"),
    ("custom_fields", "custom_field_options", "catalog_types", "catalog_entries", "users"),
)
_MODES = (("standard", "retrospective"), ("standard", "retrospective", "test"), INCIDENT_MODES, ("standard",))
_HABITS = (("forgets", 0.2), ("stores_early", 0.5), ("prints_early", 0.5), ("stateless", 0.1))
"""With which probability a step has them."""
_SWITCHES = (*NESTED, *("modes", "incremental") * 2, "streams", "stream", "activate", "strategy", "concurrency")
"""What changes between two runs. A "stream" is added, or left out."""


@dataclass(frozen=True)
class Settings:
    """The settings of a run, what it selects, and the scopes that its key lacks.

    `parts` are the nested lists that incidents have. The default streams with both parts are read without a catalog.
    """

    streams: tuple[str, ...] = DEFAULTS
    parts: tuple[str, ...] = tuple(NESTED)
    incremental: bool = False
    activate: bool = False
    strategy: str = "list"
    modes: tuple[str, ...] = _MODES[0]
    concurrency: int = 1
    denied: tuple[str, ...] = ()

    def read(self) -> tuple[str, ...]:
        """The streams that are selected, and those that are nested in incidents."""
        return (*self.streams, *(NESTED[part] for part in self.parts if "incidents" in self.streams))


@dataclass(frozen=True)
class Trouble:
    """One thing that goes wrong.

    `kind`, and which requests it meets:
    "end": all requests from the request `at` of the run on are refused with 422, so that the run ends.
    "reject", "unreadable": the request `at` to the list of `stream` is refused with 422, or its page can't be read.
    "html 403", "html 404": the request `at` to the list of `stream` is answered by a gateway.
    "forbid": the API refuses the list of `stream` from the request `at` on: the key has lost the permission.
    "private": the API refuses the rows of one parent, the one that `at` picks.
    "gone": the API answers 404 for the rows of one parent, the one that `at` picks.
    "gone path": the API answers 404 for the rows of every parent.
    """

    kind: str
    at: int = 0
    stream: str = ""


SETTINGS = Settings()


@dataclass(frozen=True)
class Step:
    """One run, and what happens around it.

    `during` has the number of the request that each change comes just before. `ends` is "" for a run that nobody ends,
    "killed", "stopped" (SIGTERM), or "loader died"; that happens once `at` lines are out. If there are fewer lines, a
    run is not ended, but a loader dies all the same, at its end. A run may be `stateless`: without the kept state.

    Real loaders differ. One that `forgets` drops a STATE at the next RECORD, as target-jsonl and target-csv do. What is
    left of one that died are all rows that it read (`stores_early`), or those before its last STATE; and the state that
    it printed before is kept (`prints_early`) or not: examples/sync.sh keeps it only after a good end.
    """

    settings: Settings = SETTINGS
    waited: int = HOUR
    before: tuple[Change, ...] = ()
    during: tuple[tuple[int, Change], ...] = ()
    troubles: tuple[Trouble, ...] = ()
    ends: str = ""
    at: int = 0
    stateless: bool = False
    forgets: bool = False
    stores_early: bool = False
    prints_early: bool = False


@dataclass(frozen=True)
class Sequence:
    """A world, made from `seed`, and the runs that read it. A page has at most `page_size` rows."""

    seed: int
    incidents: int = 6
    page_size: int = 3
    steps: tuple[Step, ...] = ()


def made_up(seed: int) -> Sequence:
    """The sequence of a seed. Its last two runs are undisturbed, and have to mend all that another run mends."""
    chance = Random(seed)
    settings = former = _settings(chance)
    steps: list[Step] = []
    # In some sequences nothing goes wrong, so that only what changes between their runs can.
    calm = chance.random() < 0.25
    for _ in range(chance.randint(3, 7)):
        if calm or chance.random() < 0.5:
            # Back and forth: then there are states of both.
            new = reduce(lambda old, _: _changed(chance, old), range(chance.choice((1, 1, 2))), settings)
            settings, former = former if chance.random() < 0.35 else new, settings
        settings = replace(settings, denied=_denied(chance, settings))
        # What the API refuses, it often refuses in the next run too.
        lasting = [trouble for trouble in (steps[-1].troubles if steps else ()) if trouble.kind in LASTING]
        steps.append(_step(chance, settings, tuple(lasting) if chance.random() < 0.5 else (), calm))
    last = replace(settings, denied=())
    steps += (Step(last, waited=chance.randint(1, 48) * HOUR) for _ in range(2))
    # The first incident of another mode than the usual two is the seventh.
    incidents = chance.choice((2, 4, 7, 7, 8, 10))
    return Sequence(seed, incidents, chance.randint(2, 5), tuple(steps))


def _settings(chance: Random) -> Settings:
    strategy = chance.choice(("list", "list", "per_incident"))
    modes, concurrency = chance.choice(_MODES), chance.choice((1, 2, 8, 32))
    incremental, activate = chance.random() < 0.6, chance.random() < 0.5
    return Settings(*_selection(chance), incremental, activate, strategy, modes, concurrency)


def _selection(chance: Random) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The selected streams and nested parts: most often what a run reads that has no catalog."""
    luck, names = chance.random(), {*DEFAULTS}
    if luck < 0.5:
        return DEFAULTS, tuple(NESTED)
    if luck < 0.63:
        names -= {*chance.sample(DEFAULTS, chance.randint(0, 6))}
    elif luck < 0.76:
        names = {"incidents", *chance.sample(_BELOW_INCIDENTS, chance.randint(1, 2))}
    elif luck < 0.92:
        names = {name for _ in range(chance.randint(1, 3)) for name in chance.choice(_GROUPS)}
    else:
        names = {*chance.sample([*BY_NAME], len(BY_NAME) if luck < 0.945 else chance.randint(1, 12))}
    return _ordered(names), tuple(part for part in NESTED if chance.random() < 0.6)


def _ordered(names: Collection[str]) -> tuple[str, ...]:
    return tuple(name for name in BY_NAME if name in names)


def _changed(chance: Random, old: Settings) -> Settings:
    name, new = chance.choice(_SWITCHES), old
    if name == "stream":
        other = chance.choice(old.streams if chance.random() < 0.5 else [*BY_NAME])
        return replace(old, streams=_ordered({*old.streams} ^ {other}) or old.streams)
    if name in NESTED:
        return replace(old, parts=tuple(part for part in NESTED if (part in old.parts) != (part == name)))
    while getattr(new, name) == getattr(old, name):
        new = _settings(chance)
    if name == "streams":
        return replace(old, streams=new.streams, parts=new.parts)
    return replace(old, **{name: getattr(new, name)})


def _denied(chance: Random, settings: Settings) -> tuple[str, ...]:
    """The scopes that the key lacks: for one run or several, and then no longer."""
    if settings.denied:
        return settings.denied if chance.random() < 0.4 else ()
    # Often that of the attachments: the nested parts come last.
    names = chance.choices((*settings.read(), *settings.read()[-2:-1] * 10), k=chance.randint(1, 2))
    scopes = {BY_NAME[name].scope for name in names} - {""}
    return tuple(sorted(scopes)) if chance.random() < 0.25 else ()


def _step(chance: Random, settings: Settings, lasting: tuple[Trouble, ...], calm: bool) -> Step:
    pick = chance.randrange
    waited = chance.choice((60, HOUR, HOUR, 12 * HOUR, 48 * HOUR))
    before = tuple(_change(chance, settings) for _ in range(chance.choice((0, 1, 2, 4))))
    if calm or chance.random() < 0.15:
        return Step(settings, waited, before)
    during = [(pick(40), _change(chance, settings)) for _ in range(chance.choice((0, 0, 1, 2, 4)))]
    during.sort(key=lambda pair: pair[0])
    ends = chance.choice(("", "", "", "", "killed", "killed", "stopped", "loader died"))
    at = chance.choice((pick(10), pick(60), pick(150), pick(300))) if ends else 0
    made = [_trouble(chance, settings) for _ in range(chance.choice((0, 0, 1, 1, 2)))]
    troubles = (*lasting, *(trouble for trouble in made if trouble))
    habits = {name: chance.random() < odds for name, odds in _HABITS}
    return Step(settings, waited, before, tuple(during), troubles, ends, at, **habits)


def _change(chance: Random, settings: Settings) -> Change:
    kind = chance.choice(("create", "touch", "touch", "late", "delete", "mode", "mode"))
    streams = [name for name in (*MARKS, *_INCREMENTAL) if name in settings.read()]
    stream = "incidents" if kind == "mode" or not streams else chance.choice(streams)
    return Change(kind, stream, chance.randrange(1000))


def _trouble(chance: Random, settings: Settings) -> Trouble | None:
    kinds: tuple[str, ...] = (*("end",) * 6, *LASTING, *LASTING, "gone", "reject", "unreadable", "html 403", "html 404")
    kind, known = chance.choice(kinds), list(settings.read())
    if chance.random() < 0.6:
        # Most can go wrong with what belongs to incidents.
        known = [name for name in known if "incidents" in line_of(name)] or known
    if kind in ("private", "gone", "gone path"):
        # The rows have to say whose they are.
        children = [name for name in known if PARENTS.get(name, ("", "of_incident_id"))[1] != "of_incident_id"]
        return Trouble(kind, chance.randrange(20), chance.choice(children)) if children else None
    if kind in ("reject", "unreadable", "html 403", "html 404", "forbid"):
        return Trouble(kind, chance.choice((0, 0, 1, 3)), chance.choice(known))
    return Trouble(kind, chance.randrange(chance.choice((40, 120))))
