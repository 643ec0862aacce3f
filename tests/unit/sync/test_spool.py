"""Spool: rows kept on disk per parent. Seen: ids that were already requested."""

from __future__ import annotations

from contextlib import closing, suppress
from pathlib import Path

import pytest

from tap_incident.errors import BadData
from tap_incident.sync.spool import Seen, Spool

FILES = "/proc/self/fd"


def test_rows_of_a_parent_are_pages_with_the_times_of_their_answers() -> None:
    text, number = {"id": "c", "text": "Größe 👩‍🚒 \x00 \ud800 '; DROP TABLE spooled; --"}, {"id": 2**53 + 1, "b": None}
    with closing(Spool()) as spool:
        spool.add([("I1", {"id": "a"}), ("I2", {"id": "b"}), ("I1", text)], "10:00")
        spool.add([("I2", {"id": "d"})], "11:00")
        spool.add([("I1", number)], "12:00")
        found = [(page.extracted, page.rows) for page in spool.pages("I1")]
    assert found == [("10:00", [{"id": "a"}, text]), ("12:00", [number])]


def open_files() -> set[str]:
    """Names of the open files of this process."""
    found = set()
    for file in Path(FILES).iterdir():
        # The descriptor that listed this folder is already closed.
        with suppress(FileNotFoundError):
            found.add(str(file.readlink()))
    return found


@pytest.mark.skipif(not Path(FILES).is_dir(), reason="this system doesn't say which files are open")
def test_spool_file_is_already_deleted_while_in_use() -> None:
    before = open_files()
    with closing(Spool()) as spool:
        # More than SQLite keeps in memory, so that it needs a file.
        spool.add((f"I{number}", {"text": "x" * 1000}) for number in range(10_000))
        (file,) = open_files() - before
        assert file.endswith("(deleted)")
        assert len(list(spool.pages("I9999"))) == 1


def test_id_that_is_not_unicode_is_bad_data() -> None:
    with closing(Seen()) as seen, pytest.raises(BadData, match="not valid Unicode"):
        seen.first("alert_notes", "\ud800")
    with closing(Spool()) as spool, pytest.raises(BadData, match="not valid Unicode"):
        spool.add([("\ud800", {"id": "A1"})])
