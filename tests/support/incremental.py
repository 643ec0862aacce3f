"""INCREMENTAL runs: which rows they have to read, and which filters they sent."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import Any

from tap_incident.streams import BY_NAME, STREAMS
from tests.fake_api import FakeApi, Organisation
from tests.fake_api.making import instant
from tests.support.runs import Json, Run, key_of, there

INCREMENTAL_STREAMS = [stream.name for stream in STREAMS if stream.replication_key]
INCREMENTAL = {"replication_method": "INCREMENTAL"}


def rfc3339(moment: datetime) -> str:
    """The moment as the API writes it."""
    return moment.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def now(**after: float) -> datetime:
    """The current time, plus this timedelta."""
    return datetime.now(timezone.utc) + timedelta(**after)


def bookmarks(run: Run) -> dict[str, str]:
    """The bookmarks of the last STATE."""
    return {name: bookmark["updated_at"] for name, bookmark in run.states()[-1]["bookmarks"].items()}


def read_since(bookmark: str) -> tuple[datetime, str]:
    """A run with this bookmark reads rows from here on: whole seconds, five minutes earlier."""
    return instant(bookmark)[0] - timedelta(minutes=5), ""


def due(org: Organisation, stream: str, bookmark: str) -> Counter[tuple[str, ...]]:
    """Keys of the rows that a run with this bookmark has to read.

    The mode of a changed incident may have changed, so its actions and follow-ups are read again.
    """
    since = read_since(bookmark)
    again: set[str] = set()
    if BY_NAME[stream].mode_param and BY_NAME[stream].parent.stream:
        changed = (row for row in there(org, "incidents") if instant(row["updated_at"]) >= since)
        again = {row["id"] for row in changed if instant(row["created_at"]) < since}
    return Counter(
        key_of(stream, row)
        for row in there(org, stream)
        if instant(row["updated_at"]) >= since or row.get("incident_id") in again
    )


def change(org: Organisation, stream: str, number: int, **values: Any) -> Json:
    """Change a row of the organisation as the API would: lists that are being read show it from now on."""
    path = BY_NAME[stream].path
    row = {**there(org, stream)[number], **values}
    org.rows[path] = [row if old["id"] == row["id"] else old for old in org.rows[path]]
    return row


def update_filters(fake: FakeApi, path: str) -> set[str | None]:
    """Values of the filter by updated_at in the requests to a path that are not for one parent."""
    params = [dict(request.params) for request in fake.requests if request.path == path]
    return {found.get("updated_at[gte]") for found in params if "incident_id" not in found}
