"""Values out of schemas: texts, times, numbers, and which of several properties an object has."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from .facts import COMPONENTS, Json
from .making import BIG, DAY, NUMBERS, TEXTS, World, cycle

# In: a number that values differ by. Out: a value.
Make = Callable[[int], object]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WORDS: Mapping[str, Sequence[str]] = {
    "cidr": ("192.0.2.0/24", "198.51.100.0/24"),
    "codes": ("NO", "NP", "CA"),
    "country_code": ("NO", "NP", "CA"),
    "date": ("2024-02-01", "2024-02-29"),
    "email": [f"user{number}@kitchen.invalid" for number in range(50)],
    "numeric": ("12.50", "-0", "1e3"),
    "phone_number": ("+441632960961", "+441632960962"),
    "time": ("08:00", "17:30"),
    "timezone": ("Europe/Oslo", "Asia/Kathmandu", "America/St_Johns"),
    "type": ("String", "Number", "Bool"),
    "weekdays": WEEKDAYS,
}
"""Values of texts that have a form, by a property's name or its last word."""


class Scalars:
    """Makes the values that hold no others. `moment` (Unix seconds) is that of the row that is being made."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.moment = world.now

    def of(self, component: str, name: str, schema: Json) -> Make:
        """The maker of a component's property."""
        awkward = self.world.awkward
        if schema["type"] == "string":
            is_time = schema.get("format") == "date-time"
            return self._time(name) if is_time else self._text(component, name, schema)
        if schema["type"] == "boolean":
            return lambda number: (number + len(name)) % 2 == 0
        if awkward and schema["type"] == "number":
            return lambda number: cycle(NUMBERS, number + len(name))
        big = awkward and schema.get("format") != "int32"
        return lambda number: BIG + number if big and number % 3 == 0 else number

    def _text(self, component: str, name: str, schema: Json) -> Make:
        awkward, rng = self.world.awkward, self.world.rng
        values = WORDS.get(name) or WORDS.get(name.rsplit("_", 1)[-1])
        if "enum" in schema:
            values = [value for value in schema["enum"] if value] + ["of_a_new_kind"] * awkward
        if values:
            return lambda number: cycle(values, number)
        if name == "id":
            return lambda number: self.world.id_at(self.moment)
        label, unique = name.replace("_", " "), name.endswith(("name", "title"))
        if label.endswith((" id", " ids", "key", "fingerprint", "reference")):
            return lambda number: f"{name.upper().replace('_', '')}{number:08d}"
        if label.endswith(("url", "urls", "permalink")):
            more = "?q=%20" if awkward else ""
            return lambda number: f"https://{name.replace('_', '-')}.example.com/{number}{more}"
        if awkward:
            return lambda number: f"{rng.choice(TEXTS)} #{number}" if unique else rng.choice(TEXTS)
        whose = snake(component).replace("_", " ") if unique else label
        return lambda number: f"{whose.capitalize()} {number + 1}"

    def _time(self, name: str) -> Make:
        world, at_once = self.world, name in ("created_at", "start_at", "starts_at")
        latest = 2**40 if world.awkward or "end" in name else world.now

        def time(number: int) -> str:
            later = 0 if at_once else world.rng.randint(0, max(0, min(DAY, latest - self.moment)))
            return world.stamp(self.moment + later)

        return time


@cache
def snake(component: str) -> str:
    """The name of what a component is, without its version and form: `EmbeddedIncidentRoleV2` is an incident_role."""
    bare = re.sub(r"(V\d+)+$|Slim|Embedded|Actor|Linked|WithRoles|Resource(?=V)", "", component)
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", bare).lower()


@cache
def variants_of(component: str) -> tuple[str, frozenset[str]]:
    """Properties of which an object has one at a time, and the text in it that says which (empty: none does)."""
    schema = COMPONENTS[component]
    properties, required = schema["properties"], schema.get("required", ())
    objects = {name for name, part in properties.items() if name not in required and "$ref" in part}
    for tag, part in properties.items():
        found = {name for name in objects if {name, name.removesuffix("_options")} & set(part.get("enum", ()))}
        if len(found) > 1:
            return tag, frozenset(found)
    whole = len(objects) > 1 and len(objects) == len(properties)
    return "", frozenset(objects if whole else ())


def kinds_of(component: str) -> int:
    """How many kinds of an object there are, if it has one of several properties."""
    tag, variants = variants_of(component)
    return len(COMPONENTS[component]["properties"][tag]["enum"]) if tag else len(variants)
