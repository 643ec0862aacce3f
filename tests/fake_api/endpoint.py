"""What an endpoint of the stand-in is: its rows, its parameters, and how it hides, sorts and pages them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from .making import Row, World

# A request's parameters by name; those that may be repeated have several values.
Query = Mapping[str, tuple[str, ...]]
# In: a row, the request's parameters, the mode of each incident. Out: whether the request gets to see the row.
Shows = Callable[[Row, Query, Mapping[str, str]], bool]
# In: the rows, the request's parameters, the organisation's present. Out: the body of the answer.
Body = Callable[[Sequence[Row], Query, datetime], Row]


class End(Enum):
    """How the last page says that it is the last."""

    NO_META = "pagination_meta is missing"
    ABSENT = "after is missing"
    NULL = "after is null"
    EMPTY = 'after is ""'


class Takes(Enum):
    """What a filter by time is given: the form of a moment, and whether the end of a range belongs to it."""

    STAMP = "a full timestamp, half-open ranges"
    DAY = "a day, both ends inclusive"


@dataclass(frozen=True)
class Param:
    """A query parameter: whether it must be there or may be repeated, and its known values (none: any).

    `field` makes it a filter on that property of the rows; `parent` is the path whose rows it names by their
    `parent_field` (a value or a list of them), and then a value that names none of them is answered with 404.
    """

    name: str
    required: bool = False
    repeats: bool = False
    values: tuple[str, ...] = ()
    field: str | None = None
    parent: str | None = None
    takes: Takes | None = None
    parent_field: str = "id"


@dataclass(frozen=True)
class Paging:
    """The largest page, how the list ends, whether a full last page is followed by an empty one, and the status for a
    cursor that is none."""

    largest: int
    end: End
    required: bool = False
    total: bool = False
    empty_page: bool = False
    unknown_after: int = 422


@dataclass(frozen=True)
class Endpoint:
    """One list (or, with `single`, one object) under `key` of the answer; `paging` is None if it comes whole.

    `shows` picks the rows that a request sees, and `shape` makes what it sees of one out of the row and the page size.
    `order` sorts by the given properties; with `oldest_first` (a parameter and its value) only a request that says so
    gets this order, and all others its reverse. `beside` is a key of the answer, a path and a parameter: the row of
    that path that the parameter names goes under that key. A request has one of `exactly_one`. `body` makes the answer
    where it is more than a list.
    """

    path: str
    key: str
    make: Callable[[World], list[Row]]
    scope: str | None
    paging: Paging | None = None
    params: tuple[Param, ...] = ()
    shows: Shows | None = None
    order: tuple[str, ...] = ()
    oldest_first: tuple[str, str] | None = None
    beside: tuple[str, str, str] | None = None
    shape: Callable[[Row, int], Row] | None = None
    single: bool = False
    exactly_one: tuple[str, ...] = ()
    body: Body | None = None


def of(name: str, parent: str | None = None, *, required: bool = False) -> Param:
    """The parameter that filters on the property of its own name."""
    return Param(name, required=required, field=name, parent=parent)
