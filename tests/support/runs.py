"""What a run wrote, the invariants that hold for every run, and what there was to read."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from jsonschema import Draft4Validator

from tap_incident.protocol.catalog import discover
from tap_incident.streams import BY_NAME, ROW_ID, Stream
from tests.fake_api import FakeApi, Organisation
from tests.fake_api.answers import hidden_in, sent
from tests.fake_api.facts import BY_PATH, LIST_NAME, documented
from tests.fake_api.making import instant

KEY = "secret-key"
Json = dict[str, Any]
STANDARD = ("standard", "retrospective")


@dataclass(frozen=True)
class Run:
    """Exit code and messages of one run."""

    code: int
    messages: list[Json]

    def records(self, stream: str) -> list[Json]:
        """The stream's records, in order."""
        return [m["record"] for m in self.messages if m["type"] == "RECORD" and m["stream"] == stream]

    def keys(self, stream: str) -> Counter[tuple[str, ...]]:
        """How often each key came."""
        return Counter(key_of(stream, record) for record in self.records(stream))

    def streams(self) -> list[str]:
        """Streams in the order of their SCHEMA messages, as often as they came."""
        return [m["stream"] for m in self.messages if m["type"] == "SCHEMA"]

    def schema(self, stream: str) -> Json:
        """The stream's schema as announced."""
        found: Json = next(m["schema"] for m in self.messages if m["type"] == "SCHEMA" and m["stream"] == stream)
        return found

    def states(self) -> list[Json]:
        """Values of the STATE messages, in order."""
        return [m["value"] for m in self.messages if m["type"] == "STATE"]


def cursor(state: Json, step: str) -> Any:
    """The cursor of the first list that is left of a step; None if there is none."""
    left: list[Json] = state["bookmarks"].get(step, {}).get("left", [])
    return next((each["after"] for each in left if "after" in each), None)


def asked(fake: FakeApi) -> list[str]:
    """Paths of the requests for rows as in the document, in order: all but the one that asks whose key it is."""
    paths = [documented(request.path)[0] for request in fake.requests]
    if paths:
        paths.remove("/v1/identity")
    return paths


def param_values(fake: FakeApi, path: str, name: str) -> list[str]:
    """The values that a parameter had in the requests for a path, in order."""
    return [dict(request.params).get(name, "") for request in fake.requests if request.path == path]


def rows_of(run: Run) -> Counter[str]:
    """All records, with their stream: in which order rows of several lists come is nobody's business."""
    return Counter(json.dumps([m["stream"], m["record"]]) for m in run.messages if m["type"] == "RECORD")


def parsed(out: str) -> list[Json]:
    """Messages of a stdout; every line has to be one."""
    assert not out or out.endswith("\n")
    return [json.loads(line) for line in out.splitlines()]


def check(run: Run, repeats: Collection[str] = ()) -> None:
    """What holds for every run: SCHEMA once and first, records valid and with the same keys, each key once.

    Rows of the streams `repeats` may come twice.
    """
    schemas: dict[str, Draft4Validator] = {}
    columns: dict[str, list[str]] = {}
    versions: dict[str, int | None] = {}
    for message in run.messages:
        kind, name = message["type"], message.get("stream", "")
        if kind == "SCHEMA":
            assert name not in schemas, f"SCHEMA of {name} came twice"
            schemas[name] = Draft4Validator(message["schema"])
            assert message["key_properties"] == list(BY_NAME[name].key_properties)
        elif kind == "ACTIVATE_VERSION":
            assert message["version"] == versions.setdefault(name, message["version"])
        elif kind == "RECORD":
            record = message["record"]
            assert versions.setdefault(name, message.get("version")) == message.get("version")
            assert message["time_extracted"].endswith("Z")
            assert name in schemas, f"RECORD of {name} came before its SCHEMA"
            errors = [f"{list(error.path)}: {error.message}" for error in schemas[name].iter_errors(record)]
            assert not errors, (name, errors[:3])
            assert columns.setdefault(name, list(record)) == list(record)
        else:
            assert kind == "STATE"
    for name in schemas.keys() - {*repeats}:
        assert max(run.keys(name).values(), default=1) == 1, f"a row of {name} came twice"
    if run.code == 0:
        incremental = {m["stream"] for m in run.messages if m["type"] == "SCHEMA" and m.get("bookmark_properties")}
        assert run.states()[-1].keys() == {"bookmarks"}
        assert run.states()[-1]["bookmarks"].keys() <= incremental


def key_of(stream: str, row: Json) -> tuple[str, ...]:
    """The values of a row's key properties."""
    return tuple(row[key] for key in BY_NAME[stream].key_properties)


def there(org: Organisation, stream: str, modes: Iterable[str] = STANDARD, days: int = 14) -> list[Json]:
    """The rows that a run with these incident modes has to read; of shifts, those within `days` of the present."""
    rows = org.rows[BY_NAME[stream].path]
    parents = BY_PATH[BY_NAME[stream].path].parents
    listed = {row["id"] for row in org.rows["/v2/incidents"] if row["mode"] in modes}
    if stream == "incidents":
        return [row for row in rows if row["id"] in listed]
    if stream == "schedule_entries":
        rows = [row for row in rows if near(org, row, days)]
    elif BY_NAME[stream].parent.orphan_params:
        work_streams = {incident for incident, mode in org.modes.items() if mode == "stream"}
        return [row for row in rows if row["incident_id"] in listed | work_streams]
    elif BY_NAME[stream].parent.stream == "incidents":
        kept_as = parents["incident_id"].kept_as if "incident_id" in parents else "incident_id"
        rows = [row for row in rows if row[kept_as] in listed]
    read = [as_read(BY_NAME[stream], row) for row in rows]
    detail = BY_NAME[stream].detail
    if detail is None:
        return read
    single = {row["id"]: row for row in org.rows[detail.path]}
    return [row | {key: single[row["id"]].get(key) for key in single[row["id"]]} for row in read]


def as_read(stream: Stream, row: Json) -> Json:
    """A row of the stand-in as the API sends it, with the columns that the tap has to add."""
    endpoint, answer = BY_PATH[stream.path], stream.answer
    added = {column: row[endpoint.parents[param].kept_as] for column, param in stream.parent.added_columns}
    if answer.list_column:
        added[answer.list_column] = row[LIST_NAME]
    read = {**sent(endpoint, row), **added} if added or hidden_in(stream.path) else row
    return read | {ROW_ID: row_id(read, answer.row_id_from)} if answer.row_id_from else read


def near(org: Organisation, row: Json, days: int) -> bool:
    """Whether a shift overlaps with the window of `days` before and after the organisation's present."""
    start, end = (org.now.replace(microsecond=0) + timedelta(days=sign * days) for sign in (-1, 1))
    return instant(row["start_at"])[0] < end and instant(row["end_at"])[0] > start


def row_id(row: Json, columns: Iterable[str]) -> str:
    """The id that the tap has to make of these columns."""
    whole = [
        (row.get(outer) or {}).get(inner) if inner else row.get(outer)
        for outer, _, inner in (column.partition(".") for column in columns)
    ]
    return hashlib.sha256(json.dumps(whole).encode()).hexdigest()[:32]


@cache
def _discovered() -> dict[str, str]:
    """The catalog entry of each stream, as JSON."""
    return {entry["tap_stream_id"]: json.dumps(entry) for entry in discover()["streams"]}


def catalog_with(change: Callable[[str, Json], None], names: Iterable[str] | None = None) -> Json:
    """The discovered catalog, or its entries of these streams, with `change` applied to each root metadata."""
    wanted = _discovered() if names is None else names
    entries = [json.loads(text) for name, text in _discovered().items() if name in wanted]
    for entry in entries:
        change(entry["tap_stream_id"], next(m["metadata"] for m in entry["metadata"] if not m["breadcrumb"]))
    return {"streams": entries}


def only(*names: str) -> Json:
    """A catalog that selects these streams and has no entry for the others, which would take time to read."""
    return catalog_with(lambda _, metadata: metadata.update(selected=True), names)


def set_field(catalog: Json, stream: str, *breadcrumb: str, **values: Any) -> Json:
    """The catalog with metadata of one field changed, in place."""
    entry = next(e for e in catalog["streams"] if e["tap_stream_id"] == stream)
    found = next((m for m in entry["metadata"] if m["breadcrumb"] == list(breadcrumb)), None)
    if found is None:
        entry["metadata"].append({"breadcrumb": list(breadcrumb), "metadata": values})
    else:
        found["metadata"].update(values)
    return catalog


def bare(catalog: Json) -> Json:
    """The catalog without the nested fields of incidents, which would cost a request each."""
    if any(entry["tap_stream_id"] == "incidents" for entry in catalog["streams"]):
        for part in ("attachments", "updates"):
            set_field(catalog, "incidents", "properties", part, selected=False)
    return catalog
