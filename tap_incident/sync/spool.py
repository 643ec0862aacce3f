"""What a run keeps on disk: children's rows until their parent's turn comes, and ids that were met before."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from tap_incident.api.answers import Row
from tap_incident.errors import BadOutput


class Spool:
    """Rows by stream and parent. For one thread. Raises BadOutput if there is no room on the disk."""

    def __init__(self) -> None:
        self._base = _temporary()
        self._base.execute("CREATE TABLE spooled (stream TEXT, parent TEXT, row TEXT)")
        self._base.execute("CREATE INDEX by_parent ON spooled (stream, parent)")

    def close(self) -> None:
        """Give the disk space back."""
        self._base.close()

    def add(self, stream: str, rows: Iterable[tuple[str, Row]]) -> None:
        """Keep rows of `stream`, each with its parent's id."""
        texts = ((stream, parent, json.dumps(row)) for parent, row in rows)
        with _room():
            self._base.execute("BEGIN")
            self._base.executemany("INSERT INTO spooled VALUES (?, ?, ?)", texts)
            self._base.execute("COMMIT")

    def rows(self, stream: str, parent: str) -> list[Row]:
        """The rows of `stream` that belong to `parent`, in the order in which they were kept."""
        query = "SELECT row FROM spooled WHERE stream = ? AND parent = ? ORDER BY rowid"
        with _room():
            return [json.loads(text) for (text,) in self._base.execute(query, (stream, parent))]


class Seen:
    """Ids of each stream that were met before. For one thread. Raises BadOutput if there is no room on the disk."""

    def __init__(self) -> None:
        self._base = _temporary()
        self._base.execute("CREATE TABLE seen (stream TEXT, id TEXT, PRIMARY KEY (stream, id)) WITHOUT ROWID")

    def close(self) -> None:
        """Give the disk space back."""
        self._base.close()

    def first(self, stream: str, value: str) -> bool:
        """Whether `value` comes for the first time; from now on it doesn't."""
        with _room():
            return self._base.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (stream, value)).rowcount == 1


def _temporary() -> sqlite3.Connection:
    # A database without a name is a temporary file that SQLite deletes while it is still open,
    # so that nothing is left behind even if the process is killed.
    base = sqlite3.connect("", isolation_level=None)
    base.execute("PRAGMA journal_mode = OFF")
    base.execute("PRAGMA synchronous = OFF")
    return base


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise BadOutput(
            f"The lists can't be kept on disk ({error}): name a folder with more room in SQLITE_TMPDIR"
        ) from error
