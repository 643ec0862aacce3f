"""The catalog, and the teams, which are catalog entries too."""

from __future__ import annotations

from tap_incident.streams.definition import Answer, Parent, Stream

CATALOG: tuple[Stream, ...] = (
    Stream("teams", "/v3/teams", "Teams and their members", "catalog_entries.view", page_size=250),
    Stream("catalog_types", "/v3/catalog_types", "Types of the catalog, with their attributes", "catalog_types.view"),
    Stream(
        "catalog_entries",
        "/v3/catalog_entries",
        "Entries of each catalog type, with their attribute values",
        "catalog_entries.view",
        page_size=250,
        parent=Parent("catalog_types", (("catalog_type_id", "id"),)),
    ),
    Stream(
        "catalog_resources",
        "/v3/catalog_resources",
        "Types of value that a catalog attribute can have",
        "catalog_types.view",
        ("type",),
        answer=Answer(key="resources"),
    ),
)
