"""Temporary storage on disk: children's rows until their parent is written, and ids that were seen before."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from tap_incident.api.answers import Page, Row
from tap_incident.errors import BadData, BadOutput
from tap_incident.sync.fanout import Future


class Spool:
    """Rows of one stream by parent. Not thread-safe. Raises BadOutput if the disk is full."""

    def __init__(self) -> None:
        self._database = _temporary()
        self._database.execute("CREATE TABLE spooled (parent TEXT, row TEXT)")
        self._database.execute("CREATE INDEX by_parent ON spooled (parent)")
        self.full: Future[None] = Future()
        """Done once all rows are stored."""

    def close(self) -> None:
        """Free the disk space."""
        self._database.close()

    def add(self, rows: Iterable[tuple[str, Row]]) -> None:
        """Store rows, each with its parent's id."""
        texts = ((parent, json.dumps(row)) for parent, row in rows)
        with _disk_errors():
            self._database.execute("BEGIN")
            self._database.executemany("INSERT INTO spooled VALUES (?, ?)", texts)
            self._database.execute("COMMIT")

    def rows(self, parent: str) -> list[Row]:
        """The rows that belong to `parent`, in the order in which they were stored."""
        query = "SELECT row FROM spooled WHERE parent = ? ORDER BY rowid"
        with _disk_errors():
            return [json.loads(text) for (text,) in self._database.execute(query, (parent,))]

    def pages_of(self, parent: str) -> SpooledPages:
        """A page with the rows that belong to `parent`, which is there once the spool is full."""
        return SpooledPages(self, parent)


class SpooledPages(Iterator[Page]):
    """One page, read from the disk when it is taken."""

    def __init__(self, spool: Spool, parent: str) -> None:
        self._spool: Spool | None = spool
        self._parent = parent

    @property
    def pending(self) -> Future[Any] | None:
        """What the page waits for; None if taking it does not wait."""
        return None if self._spool is None or self._spool.full.done() else self._spool.full

    def __next__(self) -> Page:
        if self._spool is None:
            raise StopIteration
        spool, self._spool = self._spool, None
        return Page(spool.rows(self._parent))


class Seen:
    """Ids of each stream that were seen before. Not thread-safe. Raises BadOutput if the disk is full."""

    def __init__(self) -> None:
        self._database = _temporary()
        self._database.execute("CREATE TABLE seen (stream TEXT, id TEXT, PRIMARY KEY (stream, id)) WITHOUT ROWID")

    def close(self) -> None:
        """Free the disk space."""
        self._database.close()

    def first(self, stream: str, value: str) -> bool:
        """True the first time it is called with this pair."""
        with _disk_errors():
            return self._database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (stream, value)).rowcount == 1


def _temporary() -> sqlite3.Connection:
    # SQLite deletes the file of a nameless database while it is still open, so nothing stays behind, even if the
    # process is killed.
    database = sqlite3.connect("", isolation_level=None)
    database.execute("PRAGMA journal_mode = OFF")
    database.execute("PRAGMA synchronous = OFF")
    return database


@contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except UnicodeEncodeError:
        raise BadData("An id is not valid Unicode: half of a surrogate pair") from None
    except sqlite3.OperationalError as error:
        raise BadOutput(
            f"The lists can't be kept on disk ({error}): set SQLITE_TMPDIR to a folder with more space"
        ) from error
