"""What may change in the API's answers without a value being lost, and how a run ends where it may not; whole runs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

import pytest

from tap_incident.protocol.schemas import schema
from tap_incident.streams import BY_NAME, ROW_ID, STREAMS, Stream
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.fake_api.server import Faults
from tests.runs.errors.test_critical_line import last_line
from tests.support.runs import Json, bare, only

ORG = organisation(3)
EACH_STREAM = pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
STAMP = re.compile(r"\d{4}-\d\d-\d\dT.*|")
Path = tuple[str | int, ...]


def answer(stream: Stream, rows: object) -> Json:
    """The body of an answer that has this in the place of the stream's list."""
    return {stream.answer.key or stream.name: rows if stream.answer.list_column is None else {"final": rows}}


def made(stream: Stream) -> set[str]:
    """Columns that the tap makes, whatever the API sends under their names."""
    return {
        *stream.parent.added_columns,
        *({ROW_ID} if stream.answer.row_id_from else ()),
        *({stream.answer.list_column} - {None}),
    }


def sent(stream: Stream, found: list[Json]) -> list[Json]:
    """Records without the columns that the tap makes, and without the texts that it cuts."""
    cut = {path.rsplit(".", 1)[-1] for path in stream.privacy.cut_urls}
    gone = made(stream)
    rows = [{name: value for name, value in record.items() if name not in gone} for record in found]
    kept: list[Json] = each(rows, lambda v: {n: f for n, f in v.items() if n not in cut} if isinstance(v, dict) else v)
    return kept


def keys_of(stream: Stream) -> list[str]:
    """The key properties that the API sends."""
    return [key for key in stream.key_properties if key not in made(stream)]


def once(stream: Stream, body: object) -> Faults:
    """Answers the stream's path with this the first time, and with an empty list from then on."""
    times = count()

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        if path != stream.path:
            return None
        return Fault(status=200, body=json.dumps(answer(stream, []) if next(times) else body))

    return faults


def records(tap: Tap, stream: Stream, body: Json) -> list[Json]:
    """The records of a run in which the stream's answer is this."""
    with FakeApi(ORG, faults=once(stream, body)) as fake:
        run = tap(fake, catalog=bare(only(stream.name)))
    assert run.code == 0
    return run.records(stream.name)


def fullest(stream: Stream) -> Json:
    """The row of the stream that says most."""
    rows: list[Json] = ORG.rows[stream.path]
    return max(rows, key=lambda row: len(json.dumps(row)))


def each(value: Any, change: Callable[[Any], Any]) -> Any:
    """The value with all that it holds changed, from the inside out."""
    if isinstance(value, dict):
        return change({name: each(found, change) for name, found in value.items()})
    return change([each(found, change) for found in value] if isinstance(value, list) else value)


@EACH_STREAM
def test_what_the_api_adds_reorders_or_says_in_new_and_longer_words_changes_nothing(tap: Tap, stream: Stream) -> None:
    def other(value: Any) -> Any:
        new = {"zz_new": {"deep": [1, {}]}, "zz_null": None}
        return {**new, **dict(reversed(value.items()))} if isinstance(value, dict) else grown(value)

    def grown(value: Any) -> Any:
        is_text = isinstance(value, str) and not STAMP.fullmatch(value)
        return f"{value}-{'of-a-new-kind' * 20}" if is_text else value

    def without_new(value: Any) -> Any:
        return {name: found for name, found in value.items() if name[:2] != "zz"} if isinstance(value, dict) else value

    rows = ORG.rows[stream.path][:5]
    plain = records(tap, stream, answer(stream, rows))
    assert plain
    changed = records(tap, stream, {"zz_new": [{}], **answer(stream, each(rows, other))})
    assert each(sent(stream, changed), without_new) == each(sent(stream, plain), grown)
    assert [list(record) for record in changed] == [list(record) for record in plain]


def paths(value: Any, at: Path = ()) -> Iterator[Path]:
    """The path of each property and entry at every depth."""
    for step in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield (*at, step)
        yield from paths(value[step], (*at, step))


def at_path(value: Any, path: Path, put: Callable[[Any, str | int], None]) -> Any:
    """A copy of the value, with `put` done at the path unless it does not lead there."""
    found = changed = json.loads(json.dumps(value))  # copy.deepcopy would leave parts that are one object one.
    for step in path[:-1]:
        found = found.get(step) if isinstance(found, dict) else found[step]
        if found is None:
            return changed
    if not isinstance(found, dict) or path[-1] in found:
        put(found, path[-1])
    return changed


def null(holder: Any, step: str | int) -> None:
    """Put null there."""
    holder[step] = None


def drop(holder: Any, step: str | int) -> None:
    """Take it away; a list's entry becomes null, so that the others keep their places."""
    if isinstance(step, str):
        del holder[step]
    else:
        holder[step] = None


def without_nulls(value: Any) -> Any:
    """The value without properties that are null."""
    return each(value, lambda v: {n: f for n, f in v.items() if f is not None} if isinstance(v, dict) else v)


@EACH_STREAM
def test_anything_but_a_key_may_be_null_or_missing(tap: Tap, stream: Stream) -> None:
    row = fullest(stream)
    # What tells rows apart stays, of those too that have no id.
    told_by = next(name for name in (*stream.key_properties, *stream.answer.row_id_from) if name not in made(stream))
    firm = {*stream.key_properties, *made(stream), told_by}
    # Of each list one entry, and one row for each way to lose something.
    kinds = {tuple("" if isinstance(step, int) else step for step in path): path for path in paths(row)}
    lost = [(path, put) for path in kinds.values() if path[0] not in firm for put in (null, drop)]
    rows = [at_path(row, path, put) | {told_by: str(number)} for number, (path, put) in enumerate(lost)]
    whole, *found = records(tap, stream, answer(stream, [row, *rows]))
    assert len(found) == len(lost) > 0
    for number, ((path, _), record) in enumerate(zip(lost, found, strict=True)):
        expected = at_path(whole, path, null) | {told_by: str(number)}
        assert without_nulls(sent(stream, [record])) == without_nulls(sent(stream, [expected])), path
        assert list(record) == list(whole)


def sesame(stream: Stream) -> Json:
    """A row whose texts nobody may see, but for its id."""
    texts: Json = each(fullest(stream), lambda value: "sesame" if isinstance(value, str) else value)
    return texts | {"id": "01ROW"}


Wrong = tuple[object, str]
"""An answer that no record can be made of, and what has to be said of it."""


def wrong_keys(stream: Stream, missing: bool) -> Iterator[Wrong]:
    """Rows without a key, or with null for it."""
    for key in keys_of(stream):
        row = {**sesame(stream), key: None}
        if missing:
            del row[key]
        shown = "row without id" if key == "id" else "row 01ROW"
        yield answer(stream, [row]), f"{shown} came without its key property {key}"


def wrong_lists(stream: Stream) -> list[Wrong]:
    """What is no list, or one of other things than rows."""
    row, name = sesame(stream), stream.answer.key or stream.name
    no_list = f'the answer of {stream.path} has no list{"s in" if stream.answer.list_column else ""} "{name}"'
    no_object = f'{stream.path}: entry 1 of "{"final" if stream.answer.list_column else name}" is not an object'
    lists: tuple[object, ...] = ({}, "sesame", 5, False)
    entries: tuple[object, ...] = ("sesame", 5, None, [])
    wrong: list[Wrong] = [(answer(stream, value), no_list) for value in lists]
    return [*wrong, *((answer(stream, [row, value]), no_object) for value in entries), ({"sesame": []}, no_list)]


def wrong_fields(stream: Stream) -> Iterator[Wrong]:
    """Rows with an object or a text where another type belongs."""
    for field, part in schema(stream)["properties"].items():
        wanted = part.get("format") or next(kind for kind in part["type"] if kind != "null")
        if field in {*stream.key_properties, *made(stream), *(child.parent.nested_as for child in STREAMS)}:
            continue
        value = "sesame" if wanted in ("object", "array") else {"sesame": 1}
        yield answer(stream, [{**sesame(stream), field: value}]), f"row 01ROW: {field} should be of type {wanted}, but"


@EACH_STREAM
def test_what_no_record_can_hold_ends_the_run_with_its_stream_id_and_path(
    tap: Tap, caplog: pytest.LogCaptureFixture, stream: Stream
) -> None:
    first = BY_NAME["severities" if stream.name != "severities" else "incident_types"]
    state = {"currently_syncing": first.name, "bookmarks": {}}
    lists, fields = wrong_lists(stream), list(wrong_fields(stream))
    number = STREAMS.index(stream)  # Of what has nothing to do with the stream, each gets another one.
    keys = wrong_keys(stream, missing=number % 2 == 0)
    for body, said in [*keys, lists[number % len(lists)], fields[0], fields[-1]]:
        caplog.clear()
        with FakeApi(ORG, faults=once(stream, body)) as fake:
            run = tap(fake, catalog=bare(only(first.name, stream.name)), state=state)
        line = last_line(run, caplog)
        assert line.startswith(f"{stream.name}: {said}")
        assert "sesame" not in caplog.text
        assert len(run.records(first.name)) == len(ORG.rows[first.path])
        # Of the stream itself, the list of the parents may be out when it is that of the orphans that is wrong.
        assert run.states()[-1]["bookmarks"].keys() <= {stream.parent.stream}


def test_a_page_that_is_wrong_leaves_the_state_at_those_before_it(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=200, body='{"alerts": 5}') if path == "/v2/alerts" and "after" in params else None

    with FakeApi(ORG, faults=faults) as fake:
        run = tap(fake, catalog=only("alerts"))
    assert 'no list "alerts"' in last_line(run, caplog)
    assert len(run.records("alerts")) == 50
    assert run.states()[-1]["bookmarks"]["alerts"]["after"] == ORG.rows["/v2/alerts"][49]["id"]
