"""What every row is made of: ids, timestamps, texts, and the chance that an optional property is missing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from functools import cache, lru_cache
from pathlib import Path
from random import Random
from typing import Any, TypeVar

Row = dict[str, Any]
T = TypeVar("T")
# In: a number that values differ by. Out: a value.
Make = Callable[[int], object]

EPOCH = 1_704_067_200
HOUR = 3600
DAY = 24 * HOUR
NOW = datetime.fromtimestamp(EPOCH + 60 * DAY + 45_296, timezone.utc)
"""The present of an organisation that is given no other: past its first sixty incidents, and no round hour."""
# One more than a double can count to without gaps: a reader that goes through floats loses it.
BIG = 2**53 + 1
BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def read(name: str) -> dict[str, Any]:
    """The content of a JSON file of this folder."""
    content: dict[str, Any] = json.loads(Path(__file__).with_name(name).read_text("utf-8"))
    return content


VALUES = read("values.json")
"""Texts, numbers (one of no exact binary form, one that json writes with an exponent), offsets of timestamps, texts
that have a form (by a property's name or its last word), types of errors, and hints (by component, by turns)."""
TRAPS = read("traps.json")
"""What the API does and its document doesn't say, by path: see `facts.Endpoint`."""
FULL, BARE = 0, 1
ABSENT: Any = object()
"""In the place of a value: the property is left out."""
STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")


@lru_cache(maxsize=1_000_000)
def instant(text: str) -> tuple[datetime, str]:
    """A sort key for an RFC 3339 text with any number of fractional digits and any offset."""
    match = STAMP.fullmatch(text)
    if not match:
        raise ValueError(f"not a timestamp: {text!r}")
    whole, fraction, offset = match.groups()
    return datetime.fromisoformat(whole + offset.replace("Z", "+00:00")), (fraction or "").rstrip("0")


class World:
    """The organisation while it is being made.

    In: how many incidents, the seed, its present, whether its values are `awkward` (null, empty, unexpected), and
    `later`: the seconds to add to each time. Out: `rows` by path, and the mode of each incident in `modes`; while
    a row is made, `moment` is its own (Unix seconds).
    """

    def __init__(self, incidents: int, seed: int, now: datetime, *, awkward: bool, later: int = 0) -> None:
        self.incidents = incidents
        self.now = int(now.timestamp())
        self.later = later
        self.awkward = awkward
        self.rows: dict[str, list[Row]] = {}
        self.modes: dict[str, str] = {}
        self.rng = Random(seed)
        self.moment = self.now
        self._made = 0

    def id_at(self, when: int) -> str:
        """A new ULID-like id; a later `when` (Unix seconds), or a later call for the same one, sorts higher."""
        self._made += 1
        return base32(when * 1000, 10) + base32(self._made, 6) + base32(self.rng.getrandbits(50), 10)

    def stamp(self, when: int) -> str:
        """The RFC 3339 text of `when` (Unix seconds), if awkward with 0 to 9 fractional digits, at times an offset."""
        if not self.awkward:
            return datetime.fromtimestamp(when + self.later, timezone.utc).isoformat()[:19] + "Z"
        digits = self.rng.randrange(10)
        fraction = f".{self.rng.randrange(10**digits):0{digits}d}" if digits else ""
        suffix, shift = self.rng.choice(VALUES["offsets"])
        return f"{datetime.fromtimestamp(when + shift, timezone.utc).isoformat()[:19]}{fraction}{suffix}"

    def optional(self, number: int, make: Callable[[int], Any]) -> Any:
        """A value of `make`, or null, or `ABSENT`.

        The first three rows of a list are complete, bare and null, so that each case is there whatever the dice say.
        Only awkward values are null.
        """
        luck = (1.0, 0.0, 0.2)[number] if number <= 2 else self.rng.random()
        if luck >= 0.3:
            return make(number)
        return None if self.awkward and luck >= 0.15 else ABSENT

    def surprise(self, row: Row, number: int) -> Row:
        """Gives every ninth awkward row a property that nobody has announced, and returns `row`."""
        if self.awkward and number % 9 == 4:
            row["x_new_property"] = {"level": number, "notes": ["new", ""]}
        return row

    def when(self, number: int) -> int:
        """A moment (Unix seconds) for a list's row: awkward rows begin at the epoch, others end at the present."""
        return self.rng.randrange(DAY) + (
            EPOCH + number * DAY if self.awkward else self.now - (300 - number % 299) * DAY
        )

    def scalar(self, component: str, name: str, schema: Row) -> Make:
        """The maker of a value that holds no others: a component's property."""
        if schema["type"] == "string":
            is_time = schema.get("format") == "date-time"
            return self._time(name) if is_time else self._text(component, name, schema)
        if schema["type"] == "boolean":
            return lambda number: (number + len(name)) % 2 == 0
        if self.awkward and schema["type"] == "number":
            return lambda number: cycle(VALUES["numbers"], number + len(name))
        big = self.awkward and schema.get("format") != "int32"
        return lambda number: BIG + number if big and number % 3 == 0 else number

    def _time(self, name: str) -> Make:
        at_once = name in ("created_at", "start_at", "starts_at")
        latest = 2**40 if self.awkward or "end" in name else self.now

        def time(number: int) -> str:
            later = 0 if at_once else self.rng.randint(0, max(0, min(DAY, latest - self.moment)))
            return self.stamp(self.moment + later)

        return time

    def _text(self, component: str, name: str, schema: Row) -> Make:
        last = name.rsplit("_", 1)[-1]
        values = VALUES["words"].get(name) or VALUES["words"].get(last)
        if "enum" in schema:
            values = [value for value in schema["enum"] if value] + ["of_a_new_kind"] * self.awkward
        if values:
            return lambda number: cycle(values, number)
        if name == "id":
            return lambda number: self.id_at(self.moment)
        if last in ("id", "ids", "fingerprint", "reference") or last.endswith("key"):
            return lambda number: f"{name.upper().replace('_', '')}{number:08d}"
        if last in ("url", "urls", "permalink"):
            more = "?q=%20" if self.awkward else ""
            return lambda number: f"https://{name.replace('_', '-')}.example.com/{number}{more}"
        return self._words(component, name)

    def _words(self, component: str, name: str) -> Make:
        unique, rng, texts = name.endswith(("name", "title")), self.rng, VALUES["texts"]
        if name.endswith("email"):
            return lambda number: f"user{number % 50}@kitchen.invalid"
        if self.awkward:
            return lambda number: f"{rng.choice(texts)} #{number}" if unique else rng.choice(texts)
        whose = snake(component) if unique else name
        return lambda number: f"{whose.replace('_', ' ').capitalize()} {number + 1}"


def base32(value: int, length: int) -> str:
    """The last `length` Crockford digits of `value`."""
    return "".join([BASE32[value >> 5 * place & 31] for place in reversed(range(length))])


def cycle(values: Sequence[T], number: int) -> T:
    """The entry of `values` whose turn it is at `number`."""
    return values[number % len(values)]


@cache
def snake(component: str) -> str:
    """The name of what a component is, without its version and form: `EmbeddedIncidentRoleV2` is an incident_role."""
    bare = re.sub(r"(V\d+)+$|Slim|Embedded|Actor|Linked|WithRoles|Resource(?=V)", "", component)
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", bare).lower()
