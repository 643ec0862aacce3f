"""What the dbt package and DuckDB need to know of the columns of each stream: made from schemas/.

`models/sources/incident.yml` has the streams as sources of dbt, `docs/guides/duckdb.sql` a table macro per stream that
reads its files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from tap_incident.protocol.schemas import schema
from tap_incident.streams import STREAMS, Stream
from tools.schema_files import Json, read

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "models" / "sources" / "incident.yml"
DUCKDB = ROOT / "docs" / "guides" / "duckdb.sql"
KINDS = {"string": "text", "integer": "bigint", "number": "double", "object": "json", "array": "json"}
IN_DUCKDB = {"text": "VARCHAR", "json": "JSON", "timestamp": "TIMESTAMPTZ"}


def kind(part: Json) -> str:
    """The type of a property in the models: text, bigint, double, boolean, timestamp or json."""
    name = next(name for name in ("string", "integer", "number", "boolean", "object", "array") if name in part["type"])
    return "timestamp" if part.get("format") == "date-time" else KINDS.get(name, name)


def columns(stream: Stream) -> Iterator[tuple[str, str, str]]:
    """Name, type and description of each column of a stream; no description is an empty text."""
    # A description beside a reference is lost when the reference is resolved.
    own = read()[f"{stream.name}.json"]["properties"]
    for name, part in schema(stream)["properties"].items():
        yield name, kind(part), own[name].get("description") or part.get("description") or ""


def sources() -> str:
    """The text of incident.yml. A text in JSON is one in YAML too."""
    lines = [
        "# Made by make docs from schemas/.",
        "version: 2",
        "sources:",
        "  - name: incident",
        "    description: Tables as a loader made them from the rows of tap-incident",
        '''    database: "{{ var('incident_database', target.database) }}"''',
        '''    schema: "{{ var('incident_schema', 'incident') }}"''',
        "    tables:",
    ]
    for stream in STREAMS:
        lines += [
            f"      - name: {stream.name}",
            f"        description: {json.dumps(stream.description, ensure_ascii=False)}",
            f"        meta: {{primary_key: [{', '.join(stream.key_properties)}]}}",
            "        columns:",
        ]
        for name, of, description in columns(stream):
            lines += [f"          - name: {name}", f"            data_type: {of}"]
            lines += [f"            description: {json.dumps(description, ensure_ascii=False)}"] if description else []
    return "\n".join(lines) + "\n"


def macros() -> str:
    """The text of duckdb.sql: for each stream a macro read_STREAM(files) with the columns that target-duckdb makes.

    A row that is in several files, one of each run, comes once, from the last file by name.
    """
    return "-- Made by make docs from schemas/.\n" + "\n".join(map(_macro, STREAMS))


def _macro(stream: Stream) -> str:
    kinds = {name: of for name, of, _ in columns(stream)}
    listed = ",\n".join(f"        \"{name}\": '{IN_DUCKDB.get(of, of.upper())}'" for name, of in kinds.items())
    # Without a zone and of UTC, as the loaders store them.
    moments = ", ".join(f"{name} AT TIME ZONE 'UTC' AS {name}" for name, of in kinds.items() if of == "timestamp")
    newest = f"PARTITION BY {', '.join(stream.key_properties)} ORDER BY filename DESC"
    newest += ", updated_at DESC" if "updated_at" in kinds else ""
    lines = (
        f"CREATE OR REPLACE MACRO read_{stream.name}(files) AS TABLE",
        f"    SELECT * EXCLUDE (filename){f' REPLACE ({moments})' if moments else ''}",
        f"    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {{\n{listed}\n    }})",
        f"    QUALIFY row_number() OVER ({newest}) = 1;\n",
    )
    return "\n".join(lines)
