"""Stream table: rules for every entry, and for the entry together with its schema."""

from __future__ import annotations

import re

from tap_incident.protocol.schemas import schema
from tap_incident.settings import INCIDENT_MODES
from tap_incident.streams import BY_NAME, ROW_ID, STREAMS, Stream
from tests.support.each import EACH_STREAM, for_each
from tests.unit.protocol.catalogs import places

EACH_CHILD = for_each([stream for stream in STREAMS if stream.parent.stream], lambda stream: stream.name)


def added_columns(stream: Stream) -> set[str]:
    """The columns that the tap adds to say whose child a row is."""
    return {column for column, _ in stream.parent.added_columns}


def test_stream_names_and_paths_are_unique() -> None:
    assert len(BY_NAME) == len(STREAMS)
    assert len({stream.path for stream in STREAMS}) == len(STREAMS)
    assert len({stream.parent.nested_as for stream in STREAMS if stream.parent.nested_as}) == sum(
        bool(s.parent.nested_as) for s in STREAMS
    )
    part = r"[a-z_-]+"
    assert all(re.fullmatch(rf"/v\d+/{part}(/{{{part}}}(/{part})?)*", stream.path) for stream in STREAMS)
    assert all(stream.description for stream in STREAMS)


@EACH_STREAM
def test_key_properties_are_in_the_schema(stream: Stream) -> None:
    assert stream.key_properties
    assert set(stream.key_properties) <= set(schema(stream)["properties"])


@EACH_CHILD
def test_child_comes_after_its_parent(stream: Stream) -> None:
    names = [other.name for other in STREAMS]
    assert stream.parent.stream in names[: names.index(stream.name)]


@EACH_CHILD
def test_nested_as_is_an_array_with_the_properties_of_the_child(stream: Stream) -> None:
    if stream.parent.nested_as:
        part = schema(BY_NAME[stream.parent.stream or ""])["properties"][stream.parent.nested_as]
        assert set(part["type"]) == {"null", "array"}
        assert set(part["items"]["properties"]) == set(schema(stream)["properties"])


@EACH_STREAM
def test_row_id_columns_are_in_the_schema(stream: Stream) -> None:
    assert (stream.key_properties == (ROW_ID,)) == bool(stream.answer.row_id_from)
    columns = {".".join(path) for path, _ in places(schema(stream))}
    assert set(stream.answer.row_id_from) <= columns
    assert {stream.answer.list_column} - {None} <= columns
    if stream.answer.row_id_from:
        # The same row can be below two parents.
        assert added_columns(stream) <= set(stream.answer.row_id_from)


def test_list_params_of_all_modes_in_one_list() -> None:
    incidents = BY_NAME["incidents"]
    (params,) = incidents.list_params(INCIDENT_MODES)
    assert [value for name, value in params if name == "mode[one_of]"] == list(INCIDENT_MODES)
    assert params[: len(incidents.params)] == incidents.params


def test_list_params_of_one_list_per_mode() -> None:
    chains = BY_NAME["actions"].list_params(("standard", "test"))
    assert chains == ((("incident_mode", "standard"),), (("incident_mode", "test"),))


def test_list_params_without_modes() -> None:
    assert BY_NAME["users"].list_params(INCIDENT_MODES) == (BY_NAME["users"].params,)
