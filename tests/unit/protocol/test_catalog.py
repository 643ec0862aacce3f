"""Discovered catalog: entries, metadata, and how the replication method changes them."""

from __future__ import annotations

from tap_incident.protocol.catalog import discover
from tap_incident.protocol.schemas import schema
from tap_incident.streams import STREAMS, Stream
from tests.support.each import EACH_STREAM
from tests.support.runs import Json
from tests.unit.protocol.catalogs import INCREMENTAL_STREAMS, entry_of, root_metadata, subschemas

# The tests do not modify it.
CATALOG = discover()


def discovered_metadata(stream: Stream) -> dict[tuple[str, ...], Json]:
    """The discovered metadata of a stream, by breadcrumb."""
    return {tuple(item["breadcrumb"]): item["metadata"] for item in entry_of(CATALOG, stream.name)["metadata"]}


def test_catalog_lists_every_stream_once_and_sorted() -> None:
    names = [found["tap_stream_id"] for found in discover()["streams"]]
    assert names == sorted(stream.name for stream in STREAMS)
    assert list(discover()) == ["streams"]


@EACH_STREAM
def test_catalog_entry_has_names_key_properties_and_schema(stream: Stream) -> None:
    found = entry_of(CATALOG, stream.name)
    assert set(found) == {"tap_stream_id", "stream", "key_properties", "schema", "metadata"}
    assert found["tap_stream_id"] == found["stream"] == stream.name
    assert found["key_properties"] == list(stream.key_properties)
    assert found["schema"] == schema(stream)


@EACH_STREAM
def test_catalog_metadata_of_a_stream(stream: Stream) -> None:
    root = dict(discovered_metadata(stream)[()])
    assert root.pop("parent-tap-stream-id", None) == stream.parent.stream
    incremental = stream.name in INCREMENTAL_STREAMS
    assert root == {
        "inclusion": "available",
        "selected-by-default": stream.selected_by_default,
        **({"valid-replication-keys": ["updated_at"]} if incremental else {"forced-replication-method": "FULL_TABLE"}),
        "table-key-properties": list(stream.key_properties),
    }


@EACH_STREAM
def test_catalog_metadata_of_a_field_is_automatic_only_for_keys(stream: Stream) -> None:
    fields = discovered_metadata(stream)
    del fields[()]
    # At every depth, since the rules of Meltano do not reach into a list otherwise.
    places = [path for path, _ in subschemas(schema(stream))]
    assert list(fields) == sorted(path for path in places if path[-2:-1] == ("properties",))
    for breadcrumb, found in fields.items():
        if breadcrumb[1:] in [(key,) for key in stream.key_properties]:
            assert found == {"inclusion": "automatic"}
        else:
            assert found == {"inclusion": "available", "selected-by-default": True}


def test_catalog_metadata_follows_the_replication_method() -> None:
    whole, incremental = discover(), discover("INCREMENTAL")
    for before, after in zip(whole["streams"], incremental["streams"], strict=True):
        name = before["tap_stream_id"]
        if name not in INCREMENTAL_STREAMS:
            assert before == after
            continue
        assert "forced-replication-method" not in root_metadata(before)
        assert root_metadata(after)["forced-replication-method"] == "INCREMENTAL"
        assert root_metadata(after)["valid-replication-keys"] == ["updated_at"]
        assert before["schema"] == after["schema"]
        field = {"breadcrumb": ["properties", "updated_at"], "metadata": {"inclusion": "automatic"}}
        assert field in after["metadata"]
