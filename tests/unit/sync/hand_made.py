"""Hand-made steps and pages, a client in the place of the network, and a run of the real readers and writer with it."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any, cast

from tap_incident.api.answers import Page
from tap_incident.api.client import Client
from tap_incident.config import Config, load
from tap_incident.errors import TapError
from tap_incident.protocol.messages import Encoder, Writer
from tap_incident.protocol.selection import select
from tap_incident.streams import Params, Stream
from tap_incident.sync.flow import Pool
from tap_incident.sync.plan import Node, Step, steps
from tap_incident.sync.problems import Problems
from tap_incident.sync.reading import Item
from tap_incident.sync.resume import Start, start
from tap_incident.sync.run import sync
from tap_incident.sync.shared import Shared
from tests.support.runs import Json, bare, only

MODES = ("standard", "retrospective")
BEGAN = "2026-06-01T00:00:00Z"
ORGANISATION = "https://app.incident.io/ours"
Answers = Callable[[str, Mapping[str, str], "str | None"], Page]
"""The page of a stream at these parameters and this cursor. Raises what the client raises."""


def config(**settings: Any) -> Config:
    """A config with these settings."""
    return load([("config.json", json.dumps({"api_key": "k", **settings}))], {})


def step(*names: str, method: str = "FULL_TABLE", modes: tuple[str, ...] = MODES, **options: Any) -> Step:
    """The first step of a run that selects these streams, without the nested parts of incidents."""
    return steps(select(bare(only(*names)), replication_method=method), modes, **{"by_list": True, **options})[0]


def whole(catalog: Json | None = None, method: str = "INCREMENTAL") -> Step:
    """The first step of a run with this catalog: incidents with everything below them."""
    return steps(select(catalog, replication_method=method), MODES, by_list=False)[0]


def begun(of: Step, **settings: Any) -> Start:
    """The start of a first run of this step."""
    return start(of, {}, config(**settings), "ours")


def node(name: str, *children: Node) -> Node:
    """A node that is emitted, with these children."""
    selected = select(bare(only(name)))[name]
    return Node(selected.stream, selected, False, False, children, False)


class FakeClient:
    """In the place of the client: what it sends, `answers` answers."""

    began = BEGAN

    def __init__(self, answers: Answers, whose: TapError | None = None) -> None:
        self._answers, self._whose = answers, whose
        self.asked: list[tuple[str, dict[str, str], str | None]] = []

    @property
    def sent(self) -> int:
        """Requests so far."""
        return len(self.asked)

    def seconds_for(self, requests: float) -> float:
        """No rate limit."""
        return 0.0

    def timings(self) -> dict[str, Any]:
        """Nothing was measured."""
        return {}

    def identity(self) -> Json:
        """Whose key it is."""
        if self._whose:
            raise self._whose
        return {"name": "key", "dashboard_url": ORGANISATION}

    def pages(self, stream: Stream, params: Params, after: str | None = None) -> Iterator[Page]:
        """The pages of a list from a cursor on."""
        while True:
            self.asked.append((stream.name, dict(params), after))
            page = self._answers(stream.name, dict(params), after)
            yield page
            if page.after is None:
                return
            after = page.after

    def first_page(self, stream: Stream, params: Params, most: int) -> Page:
        """The first page, of `most` rows."""
        return next(self.pages(stream, params))


@contextmanager
def sharing(answers: Answers, **settings: Any) -> Iterator[tuple[Shared, list[Item]]]:
    """What readers share, and the list that keeps what they hand to the writer."""
    items: list[Item] = []
    span = ("2026-05-18T00:00:00Z", "2026-06-15T00:00:00Z")
    tools = Problems(), Encoder(), span, items.append, threading.Event(), False
    shared = Shared(config(**settings), cast(Client, FakeClient(answers)), Pool(2), *tools)
    try:
        yield shared, items
    finally:
        shared.close()


def run(
    catalog: Json, answers: Answers, state: Json | None = None, *, method: str = "FULL_TABLE", **settings: Any
) -> tuple[list[Json], FakeClient, TapError | None]:
    """A whole run with a client that does not send: its messages, the client, and the error at its end."""
    client, out, failed = FakeClient(answers), io.StringIO(), None
    tools: Json = {"client": cast(Client, client), "stop": threading.Event(), "writer": Writer(out)}
    try:
        selection = select(catalog, replication_method=method)
        sync(selection, config(**settings), state or {}, now=datetime(2026, 6, 1, tzinfo=timezone.utc), **tools)
    except TapError as error:
        failed = error
    return [json.loads(line) for line in out.getvalue().splitlines()], client, failed


def ids(messages: list[Json], stream: str) -> list[str]:
    """The ids of a stream's records, in order."""
    return [each["record"]["id"] for each in messages if each["type"] == "RECORD" and each["stream"] == stream]
