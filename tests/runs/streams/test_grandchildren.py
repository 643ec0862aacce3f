"""Children of children, two levels below incidents, in a table of its own."""

from __future__ import annotations

import json
import threading
from collections import Counter
from contextlib import closing
from dataclasses import replace
from io import StringIO

import pytest

from tap_incident.api.client import Client
from tap_incident.config import load
from tap_incident.protocol.messages import Writer
from tap_incident.protocol.schemas import schema
from tap_incident.protocol.selection import Selected
from tap_incident.streams import BY_NAME, Parent, Stream
from tap_incident.sync.child_requests import shift_window
from tap_incident.sync.context import RunContext
from tap_incident.sync.fanout import Workers
from tap_incident.sync.plan import steps
from tap_incident.sync.walk import walk
from tests.fake_api import NOW, FakeApi, Organisation, organisation
from tests.support.runs import (
    KEY,
    STANDARD,
    Json,
    parsed,
    there,
)

DOCUMENTS = replace(BY_NAME["postmortem_documents"], parent=Parent("incidents", (("incident_id", "id"),)))
ATTACHMENTS = replace(
    BY_NAME["incident_attachments"],
    parent=Parent("postmortem_documents", (("incident_id", "incident_id"),)),
)
TABLE = (BY_NAME["incidents"], DOCUMENTS, ATTACHMENTS)


def walked(org: Organisation, *selected: Stream, denied: tuple[str, ...] = ()) -> tuple[list[Json], Counter[str]]:
    """The messages of a walk of TABLE with these streams selected, and the requests by path."""
    selection = {stream.name: Selected(stream, schema(stream)) for stream in selected}
    out, stop = StringIO(), threading.Event()
    with FakeApi(org, denied=denied) as fake, Workers(4, stop) as workers:
        config = load(json.dumps({"api_key": KEY, "endpoint": fake.url}), {})
        client = Client(config, stop=stop)
        run = RunContext(config, client, workers, Writer(out), {}, shift_window(NOW, 1))
        with closing(run.seen):
            (step,) = steps(selection, STANDARD, "per_incident", TABLE)
            ((node, params),) = step.lists
            for _ in walk(run, node, workers.prefetch(client.pages(node.stream, params))):
                pass
    return parsed(out.getvalue()), Counter(request.path for request in fake.requests)


def records(messages: list[Json], stream: Stream) -> list[Json]:
    """The records of a stream."""
    return [m["record"] for m in messages if m["type"] == "RECORD" and m["stream"] == stream.name]


def expected(org: Organisation) -> tuple[list[Json], list[Json]]:
    """The documents of the incidents that are listed, and the attachments of those that have one."""
    listed = {row["id"] for row in there(org, "incidents")}
    documents = [row for row in org.rows[DOCUMENTS.path] if row["incident_id"] in listed]
    with_one = {row["incident_id"] for row in documents}
    return documents, [row for row in org.rows[ATTACHMENTS.path] if row["incident_id"] in with_one]


@pytest.mark.parametrize("selected", [(DOCUMENTS, ATTACHMENTS), (ATTACHMENTS,), (*TABLE[:1], ATTACHMENTS)], ids=len)
def test_grandchild_rows_come_whatever_is_selected_above(selected: tuple[Stream, ...]) -> None:
    org = organisation(40)
    messages, asked = walked(org, *selected)
    documents, attachments = expected(org)
    assert attachments
    assert Counter(row["id"] for row in records(messages, ATTACHMENTS)) == Counter(row["id"] for row in attachments)
    assert {m["stream"] for m in messages} == {stream.name for stream in selected}
    assert asked[ATTACHMENTS.path] == len(documents) < asked[DOCUMENTS.path] == len(there(org, "incidents"))
    assert asked[BY_NAME["incidents"].path] == 1


def test_grandchild_rows_follow_their_parent() -> None:
    messages, _ = walked(organisation(40), *TABLE)
    last: dict[str, Json] = {}
    for message in messages:
        if message["type"] == "RECORD":
            last[message["stream"]] = message["record"]
            if message["stream"] == ATTACHMENTS.name:
                assert last[ATTACHMENTS.name]["incident_id"] == last[DOCUMENTS.name]["incident_id"]
                assert last[DOCUMENTS.name]["incident_id"] == last["incidents"]["id"]


def test_grandchild_that_is_denied_leaves_the_others() -> None:
    org = organisation(40)
    messages, _ = walked(org, *TABLE, denied=(ATTACHMENTS.scope,))
    assert not records(messages, ATTACHMENTS)
    assert len(records(messages, DOCUMENTS)) == len(expected(org)[0])
