"""What passes from the readers to the writer: few kinds of things, through one queue, those of a source in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tap_incident.api.answers import Page
from tap_incident.errors import Unreadable
from tap_incident.protocol.selection import Selected
from tap_incident.protocol.state import Left, Tally
from tap_incident.streams import Params
from tap_incident.sync.plan import Node
from tap_incident.sync.resume import Start
from tap_incident.sync.windows import Room


@dataclass(frozen=True, eq=False)
class Source:
    """One chain of cursors: a list, or a window of it. One thread reads it."""

    start: Start
    left: Left
    """What is left of it."""
    node: Node
    params: Params
    """Query parameters of the list, without those of the window."""
    room: Room
    pages: Iterator[Page] | None = None
    """Its pages, if the first was requested before."""


@dataclass(frozen=True)
class Batch:
    """Messages of one stream, ready to be written."""

    selected: Selected
    lines: Sequence[str]


@dataclass(frozen=True)
class PageEnd:
    """All rows of a page, and what is below them, came before this."""

    source: Source
    after: str | None
    """Cursor of the next page; None if the source has ended."""
    tally: Tally
    """The rows of the page that are out."""
    total: int | None = None
    """Number of rows of the whole list, if the API says it."""


@dataclass(frozen=True)
class Gift:
    """A part of a source is read by another one from now on."""

    source: Source
    to: Source
    start: str | None
    """What is left of the first begins here, and ends before `end`."""
    end: str | None


@dataclass(frozen=True)
class Failed:
    """A source ends here: its stream can't be read."""

    source: Source
    error: Unreadable


@dataclass(frozen=True)
class Fatal:
    """The run ends here."""

    error: BaseException


Item = Batch | PageEnd | Gift | Failed | Fatal
