"""`time_extracted`: when the answer with that row came, of pages, children and nested rows; whole runs."""

from __future__ import annotations

import io
import threading
from datetime import datetime, timedelta, timezone

import pytest

from tap_incident import config as configs
from tap_incident.api.client import Client
from tap_incident.protocol.messages import Writer
from tap_incident.protocol.selection import select
from tap_incident.sync.fanout import Workers
from tap_incident.sync.run import sync
from tests.conftest import Tap
from tests.fake_api import NOW, FakeApi, organisation
from tests.support.runs import KEY, Json, only, parsed

START = datetime(2026, 2, 3, 4, 5, 6, 7, timezone.utc)


def ran(fake: FakeApi, strategy: str, *streams: str) -> list[Json]:
    """The RECORD messages of a run in which the n-th answer comes n seconds after the start."""
    stop, out = threading.Event(), io.StringIO()
    config = configs.load(
        f'{{"max_concurrency": 1, "child_strategy": "{strategy}"}}',
        {"INCIDENT_API_KEY": KEY, "INCIDENT_ENDPOINT": fake.url},
    )
    client = Client(config, stop=stop, now=lambda: START + timedelta(seconds=len(fake.requests)))
    with Workers(1, stop) as workers:
        sync(select(only(*streams)), config, {}, client=client, workers=workers, writer=Writer(out), now=NOW)
    return [message for message in parsed(out.getvalue()) if message["type"] == "RECORD"]


def requests_of(messages: list[Json], fake: FakeApi, stream: str) -> list[tuple[Json, str, dict[str, str]]]:
    """Each record of the stream, with path and parameters of the request that its `time_extracted` is of."""
    found = []
    for message in messages:
        if message["stream"] == stream:
            came = datetime.fromisoformat(message["time_extracted"].replace("Z", "+00:00"))
            request = fake.requests[round((came - START).total_seconds()) - 1]
            found.append((message["record"], request.path, dict(request.params)))
    return found


def test_time_extracted_is_when_the_page_with_the_row_came() -> None:
    with FakeApi(organisation(3)) as fake:
        messages = ran(fake, "per_incident", "alerts")
        found = requests_of(messages, fake, "alerts")
    assert {path for _, path, _ in found} == {"/v2/alerts"}
    cursors = [params.get("after") for _, _, params in found]
    assert len(set(cursors)) > 1
    for (row, _, _), cursor, following in zip(found, cursors, cursors[1:], strict=False):
        # The cursor of a page is the id of the last row of the page before it.
        assert following in {cursor, row["id"]}


def test_time_extracted_of_nested_rows_and_children_is_that_of_their_own_request() -> None:
    with FakeApi(organisation(5)) as fake:
        messages = ran(fake, "per_incident", "incidents", "incident_updates", "incident_attachments", "actions")
        for stream in ("incident_updates", "incident_attachments", "actions"):
            found = requests_of(messages, fake, stream)
            assert found
            for row, path, params in found:
                assert path.endswith(f"/{stream}")
                # Those of work streams are in a list of their own.
                assert params.get("incident_id", row["incident_id"]) == row["incident_id"]
            assert any("incident_id" in params for _, _, params in found)
        assert {path for _, path, _ in requests_of(messages, fake, "incidents")} == {"/v2/incidents"}


@pytest.mark.parametrize("stream", ["incident_updates", "follow_ups"])
def test_time_extracted_of_rows_of_an_organisation_wide_list_is_that_of_their_page(stream: str) -> None:
    with FakeApi(organisation(160)) as fake:
        found = requests_of(ran(fake, "list", "incidents", stream), fake, stream)
    assert all(path.endswith(f"/{stream}") and "incident_id" not in params for _, path, params in found)
    assert len({str(params) for _, _, params in found}) > 1


def test_time_extracted_of_a_run_is_the_time_of_this_machine(tap: Tap) -> None:
    began = datetime.now(timezone.utc)
    with FakeApi(organisation(2)) as fake:
        run = tap(fake)
    ended = datetime.now(timezone.utc)
    times = [message["time_extracted"] for message in run.messages if message["type"] == "RECORD"]
    assert all(time.endswith("Z") for time in times)
    assert began <= min(map(_parsed, times)) <= max(map(_parsed, times)) <= ended


def _parsed(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
