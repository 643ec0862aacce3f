"""A clock that is ahead, and answers without a Date header: the bookmark is bounded by what the rows show."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta, timezone
from io import StringIO
from socket import socket

from tap_incident import config as configs
from tap_incident.api.client import Client
from tap_incident.protocol.messages import Writer
from tap_incident.protocol.selection import select
from tap_incident.sync.fanout import Workers
from tap_incident.sync.run import sync
from tap_incident.timestamps import instant, rfc3339
from tests.fake_api import FakeApi, organisation
from tests.support.faults import port_of
from tests.support.relay import join, listening
from tests.support.runs import KEY, Run, only, parsed


def without_date(client: socket, answer: bytes) -> None:
    """Send an answer on, but rename its Date header."""
    client.sendall(answer.replace(b"\r\nDate: ", b"\r\nXate: "))


def synced(url: str, clock: datetime) -> Run:
    """An incremental run of alerts by a machine with this time."""
    config = configs.load(
        json.dumps({"api_key": KEY, "endpoint": url, "replication_method": "INCREMENTAL"}), {}, source="config"
    )
    stop, out = threading.Event(), StringIO()
    client = Client(config, stop=stop, now=lambda: clock)
    with Workers(2, stop) as workers:
        selection = select(only("alerts"), replication_method="INCREMENTAL")
        sync(selection, config, {}, client=client, workers=workers, writer=Writer(out), now=clock)
    return Run(0, parsed(out.getvalue()))


def test_bookmark_without_the_apis_time_is_at_most_the_newest_row_of_the_first_page() -> None:
    org = organisation(60)
    now = datetime.now(timezone.utc)
    with FakeApi(org) as fake:
        order = [record["id"] for record in synced(fake.url, now).records("alerts")]
        rows = {row["id"]: row for row in org.rows["/v2/alerts"]}
        rows[order[-1]]["updated_at"] = rfc3339(now)  # A row of the last page changed just now.
        with listening(lambda client: join(client, port_of(fake), without_date)) as port:
            run = synced(f"http://127.0.0.1:{port}", now + timedelta(hours=2))
        known = synced(fake.url, now + timedelta(hours=2))
    bookmark = run.states()[-1]["bookmarks"]["alerts"]["updated_at"]
    first_page = max((rows[each]["updated_at"] for each in order[:50]), key=instant)
    assert instant(bookmark) == instant(first_page)
    assert instant(known.states()[-1]["bookmarks"]["alerts"]["updated_at"]) >= instant(rfc3339(now))
