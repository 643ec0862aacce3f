"""Discovered catalog: entries, metadata, and how the replication method changes them."""

from __future__ import annotations

from tap_incident.protocol.catalog import discover
from tap_incident.protocol.schemas import schema
from tap_incident.settings import REPLICATION_METHODS
from tap_incident.streams import STREAMS, Stream
from tests.support.each import EACH_STREAM
from tests.unit.protocol.catalogs import INCREMENTAL_STREAMS, breadcrumb, entry_of, places

CATALOGS = {
    (method, excluded): discover(method, exclude_personal_data=excluded)
    for method in REPLICATION_METHODS
    for excluded in (False, True)
}


def test_catalog_lists_every_stream_once_and_sorted() -> None:
    assert list(discover()) == ["streams"]
    assert discover() == CATALOGS["FULL_TABLE", False]
    names = [found["tap_stream_id"] for found in discover()["streams"]]
    assert names == sorted(stream.name for stream in STREAMS)


@EACH_STREAM
def test_catalog_entry_has_names_key_properties_and_schema(stream: Stream) -> None:
    for (_, excluded), catalog in CATALOGS.items():
        found = {key: value for key, value in entry_of(catalog, stream.name).items() if key != "metadata"}
        assert found == {
            "tap_stream_id": stream.name,
            "stream": stream.name,
            "key_properties": list(stream.key_properties),
            "schema": schema(stream, exclude_personal_data=excluded),
        }


@EACH_STREAM
def test_catalog_metadata_follows_the_table_and_the_replication_method(stream: Stream) -> None:
    for (method, excluded), catalog in CATALOGS.items():
        found = {tuple(item["breadcrumb"]): item["metadata"] for item in entry_of(catalog, stream.name)["metadata"]}
        root = found.pop(())
        assert root.pop("parent-tap-stream-id", None) == stream.parent.stream
        expected = {
            "inclusion": "available",
            "selected-by-default": stream.selected_by_default,
            "table-key-properties": list(stream.key_properties),
        }
        automatic = {(key,) for key in stream.key_properties}
        if stream.name in INCREMENTAL_STREAMS:
            expected["valid-replication-keys"] = ["updated_at"]
        else:
            expected["forced-replication-method"] = "FULL_TABLE"
        if stream.name in INCREMENTAL_STREAMS and method == "INCREMENTAL":
            expected["forced-replication-method"] = method
            automatic.add(("updated_at",))
        assert root == expected
        # At every depth, since the rules of Meltano do not reach into a list otherwise.
        document = schema(stream, exclude_personal_data=excluded)
        fields = [steps for steps, _ in places(document) if steps and steps[-1] != "[]"]
        assert list(found) == sorted(breadcrumb(steps) for steps in fields)
        for steps in fields:
            available = {"inclusion": "available", "selected-by-default": True}
            assert found[breadcrumb(steps)] == ({"inclusion": "automatic"} if steps in automatic else available)
