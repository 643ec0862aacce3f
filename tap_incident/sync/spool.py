"""Temporary storage on disk: children's rows until their parent is written, and ids that were seen before."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter

from tap_incident.api.answers import Page, Row
from tap_incident.errors import BadData, BadOutput


class Spool:
    """Rows of one stream by parent. Thread-safe. Raises BadOutput if the disk is full."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._database = _temporary("CREATE TABLE spooled (parent TEXT, row TEXT, extracted TEXT)")
        with _disk_errors():
            self._database.execute("CREATE INDEX by_parent ON spooled (parent)")
        self.full = threading.Event()
        """Set once all rows are stored, or once they can't be read."""

    def close(self) -> None:
        """Free the disk space."""
        with self._lock:
            self._database.close()

    def add(self, rows: Iterable[tuple[str, Row]], extracted: str = "") -> None:
        """Store rows of one answer, each with its parent's id. `extracted` is when the answer came."""
        texts = [(parent, json.dumps(row), extracted) for parent, row in rows]
        with self._lock, _disk_errors():
            self._database.execute("BEGIN")
            self._database.executemany("INSERT INTO spooled VALUES (?, ?, ?)", texts)
            self._database.execute("COMMIT")

    def pages(self, parent: str) -> list[Page]:
        """The rows that belong to `parent`, in the order in which they were stored: a page per answer that had some."""
        query = "SELECT extracted, row FROM spooled WHERE parent = ? ORDER BY rowid"
        with self._lock, _disk_errors():
            found = self._database.execute(query, (parent,)).fetchall()
        return [
            Page([json.loads(text) for _, text in rows], extracted=extracted)
            for extracted, rows in groupby(found, key=itemgetter(0))
        ]


class Seen:
    """Ids of each stream that were seen before. Thread-safe. Raises BadOutput if the disk is full."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._database = _temporary("CREATE TABLE seen (stream TEXT, id TEXT, PRIMARY KEY (stream, id)) WITHOUT ROWID")

    def close(self) -> None:
        """Free the disk space."""
        with self._lock:
            self._database.close()

    def first(self, stream: str, value: str) -> bool:
        """True the first time it is called with this pair."""
        with self._lock, _disk_errors():
            return self._database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (stream, value)).rowcount == 1


def _temporary(table: str) -> sqlite3.Connection:
    # SQLite deletes the file of a nameless database while it is still open, so nothing stays behind, even if the
    # process is killed.
    database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    with _disk_errors():
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA synchronous = OFF")
        database.execute(table)
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
