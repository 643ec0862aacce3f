"""Stream table: rules for every entry, and for the entry together with its schema."""

from __future__ import annotations

import re

from tap_incident.protocol.schemas import schema
from tap_incident.settings import INCIDENT_MODES
from tap_incident.streams import BY_NAME, ROW_ID, STREAMS, Stream
from tests.support.each import EACH_STREAM, for_each
from tests.unit.protocol.catalogs import places

EACH_CHILD = for_each([stream for stream in STREAMS if stream.parent.stream], lambda stream: stream.name)


def test_stream_names_and_paths_are_unique() -> None:
    assert len(BY_NAME) == len(STREAMS)
    assert len({stream.path for stream in STREAMS}) == len(STREAMS)
    nested = [stream.parent.nested_as for stream in STREAMS if stream.parent.nested_as]
    assert len(set(nested)) == len(nested)
    part = r"[a-z_-]+"
    assert all(re.fullmatch(rf"/v\d+/{part}(/{{{part}}}(/{part})?)*", stream.path) for stream in STREAMS)
    assert all(stream.description for stream in STREAMS)


def test_twenty_streams_are_selected_by_default() -> None:
    assert sum(stream.selected_by_default for stream in STREAMS) == 20


@EACH_CHILD
def test_child_comes_after_its_parent_and_is_nested_with_its_own_properties(stream: Stream) -> None:
    names = [other.name for other in STREAMS]
    assert stream.parent.stream in names[: names.index(stream.name)]
    if stream.parent.nested_as:
        part = schema(BY_NAME[stream.parent.stream])["properties"][stream.parent.nested_as]
        assert set(part["type"]) == {"null", "array"}
        assert set(part["items"]["properties"]) == set(schema(stream)["properties"])


@EACH_STREAM
def test_key_properties_and_row_id_columns_are_in_the_schema(stream: Stream) -> None:
    columns = {".".join(path) for path, _ in places(schema(stream))}
    assert stream.key_properties
    assert {*stream.key_properties, *stream.answer.row_id_from} <= columns
    assert {stream.answer.list_column} - {None} <= columns
    assert (stream.key_properties == (ROW_ID,)) == bool(stream.answer.row_id_from)
    if stream.answer.row_id_from:
        # The same row can be below two parents.
        assert {column for column, _ in stream.parent.added_columns} <= set(stream.answer.row_id_from)


def test_list_params_are_of_one_list_for_all_modes_or_of_one_per_mode() -> None:
    incidents = BY_NAME["incidents"]
    modes = tuple(("mode[one_of]", mode) for mode in INCIDENT_MODES)
    assert incidents.list_params(INCIDENT_MODES) == ((*incidents.params, *modes),)
    chains = BY_NAME["actions"].list_params(("standard", "test"))
    assert chains == ((("incident_mode", "standard"),), (("incident_mode", "test"),))
    assert BY_NAME["users"].list_params(INCIDENT_MODES) == (BY_NAME["users"].params,)
