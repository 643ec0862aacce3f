"""Changes of the API that no run fails on."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tap_incident.streams import STATUS_CATEGORIES, STREAMS, Stream
from tests.conftest import Tap
from tests.fake_api import FakeApi, organisation
from tests.support.answers import answer, each, few_parents, fullest, made, once, small
from tests.support.runs import Json, bare, only
from tests.support.thorough import sampled, sampled_streams

SAMPLE = sampled_streams(STREAMS)
SAMPLED_STREAM = pytest.mark.parametrize("stream", SAMPLE, ids=lambda stream: stream.name)
SAMPLED_LIST = pytest.mark.parametrize(
    "stream", [stream for stream in SAMPLE if not stream.answer.one_row_with], ids=lambda stream: stream.name
)
STAMP = re.compile(r"\d{4}-\d\d-\d\dT.*|")
Path = tuple[str | int, ...]


def sent(stream: Stream, found: list[Json]) -> list[Json]:
    """Records without the columns that the tap makes, and without the texts that it cuts."""
    cut = {path.rsplit(".", 1)[-1] for path in stream.privacy.cut_urls}
    gone = made(stream)
    rows = [{name: value for name, value in record.items() if name not in gone} for record in found]
    kept: list[Json] = each(rows, lambda v: {n: f for n, f in v.items() if n not in cut} if isinstance(v, dict) else v)
    return kept


def records(tap: Tap, stream: Stream, body: Json) -> list[Json]:
    """The records of a run in which the stream's answer is this."""
    with FakeApi(few_parents(), faults=once(stream, body)) as fake:
        run = tap(fake, catalog=bare(only(stream.name)))
    assert run.code == 0
    return run.records(stream.name)


@pytest.mark.parametrize("category", ["reopened", *STATUS_CATEGORIES])
def test_a_status_category_that_the_tap_does_not_ask_for_is_a_warning(
    tap: Tap, caplog: pytest.LogCaptureFixture, category: str
) -> None:
    stream = next(stream for stream in STREAMS if stream.name == "incident_statuses")
    rows = [{**row, "category": category} for row in small().rows[stream.path][:5]]
    assert len(records(tap, stream, {"incident_statuses": rows})) == len(rows)
    told = [record for record in caplog.records if "that this version does not know. Incidents" in record.getMessage()]
    assert len(told) == (category == "reopened")
    assert all(record.levelno == logging.WARNING and "reopened" not in record.getMessage() for record in told)


@SAMPLED_STREAM
@pytest.mark.thorough
def test_api_change_of_properties_order_and_texts_changes_no_value(tap: Tap, stream: Stream) -> None:
    def other(value: Any) -> Any:
        new = {"zz_new": {"deep": [1, {}]}, "zz_null": None}
        return {**new, **dict(reversed(value.items()))} if isinstance(value, dict) else grown(value)

    def grown(value: Any) -> Any:
        is_text = isinstance(value, str) and not STAMP.fullmatch(value)
        return f"{value}-{'of-a-new-kind' * 20}" if is_text else value

    def without_new(value: Any) -> Any:
        return {name: found for name, found in value.items() if name[:2] != "zz"} if isinstance(value, dict) else value

    rows = small().rows[stream.path][:5]
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


def told(row: Json, path: str, value: str) -> Json:
    """The row with this text at a path such as `user.id`."""
    outer, _, inner = path.partition(".")
    return row | {outer: {**row[outer], inner: value} if inner else value}


@SAMPLED_LIST
@pytest.mark.thorough
def test_api_change_to_null_or_missing_is_null(tap: Tap, stream: Stream) -> None:
    row = fullest(stream)
    # What tells rows apart stays, of those too that have no id.
    told_by = next(name for name in (*stream.key_properties, *stream.answer.row_id_from) if name not in made(stream))
    firm = {*stream.key_properties, *made(stream), told_by.partition(".")[0]}
    # Of each list one entry, and one row for each way to lose something.
    kinds = {tuple("" if isinstance(step, int) else step for step in path): path for path in paths(row)}
    every = [(path, put) for path in kinds.values() if path[0] not in firm for put in (null, drop)]
    lost = [every[place] for place in sampled(range(len(every)), 30)]
    rows = [told(at_path(row, path, put), told_by, str(number)) for number, (path, put) in enumerate(lost)]
    whole, *found = records(tap, stream, answer(stream, [row, *rows]))
    assert len(found) == len(lost) > 0
    for number, ((path, _), record) in enumerate(zip(lost, found, strict=True)):
        expected = told(at_path(whole, path, null), told_by, str(number))
        assert without_nulls(sent(stream, [record])) == without_nulls(sent(stream, [expected])), path
        assert list(record) == list(whole)


def test_api_change_by_a_new_property_is_logged_once(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = organisation(1)
    for row in org.rows["/v1/severities"]:
        row["brand_new"] = {"a": 1}
    with FakeApi(org) as fake, caplog.at_level(logging.WARNING):
        run = tap(fake, catalog=only("severities"))
    said = [record.getMessage() for record in caplog.records if "brand_new" in record.getMessage()]
    assert len(said) == 1
    assert "severities" in said[0]
    assert "brand_new" not in json.dumps(run.messages)
