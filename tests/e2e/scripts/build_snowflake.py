"""Run by the Python of dbt-warehouses: loads messages into an emulator of Snowflake, and builds models/ there.

Arguments: a file of messages, the folder of the models, a folder for dbt's files and profiles.yml, variables as JSON.
Prints what dbt said, the rows of the marts, and which statements Snowflake would refuse, as JSON.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import fakesnow
import snowflake.connector
import sqlglot
from dbt.cli.main import dbtRunner
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify

# As meltanolabs-target-snowflake chooses them.
TYPES = {"integer": "number(38,0)", "number": "double", "boolean": "boolean", "object": "variant", "array": "variant"}
PROFILE = {"type": "snowflake", "account": "none", "user": "none", "password": "none", "database": "raw", "threads": 1}


def main(messages: str, models: str, folder: str, variables: str) -> None:
    """Load, build, read."""
    profile = {"tap_incident": {"target": "emulator", "outputs": {"emulator": {**PROFILE, "schema": "marts"}}}}
    (Path(folder) / "profiles.yml").write_text(json.dumps(profile))
    places = ["--profiles-dir", folder, "--target-path", f"{folder}/target", "--log-path", f"{folder}/logs"]
    # The emulator has no temporary tables, which unit tests need.
    options = ["--quiet", "--exclude-resource-type", "unit_test", "--vars", variables]
    with fakesnow.patch():
        connection = snowflake.connector.connect(database="raw", schema="incident")
        tables = load(connection.cursor(), Path(messages))
        results = dbtRunner().invoke(["build", "--project-dir", models, *places, *options]).result
        statuses = {result.node.unique_id: [str(result.status), result.message] for result in results}
        made = [result.node for result in results if result.status == "success"]
        marts = {node.name: rows(connection, node.name) for node in made if node.original_file_path.startswith("marts")}
    compiled = [result.node for result in results if result.node.compiled_code]
    found = {"statuses": statuses, "rows": marts, "refused": list(refusals(compiled, tables))}
    print(json.dumps(found, default=lambda value: float(value) if isinstance(value, Decimal) else str(value)))


def load(cursor: Any, messages: Path) -> dict[str, dict[str, str]]:
    """Fill a table per stream, with names in upper case as the target makes them; gives the types of their columns."""
    columns: dict[str, dict[str, str]] = {}
    records: dict[str, list[dict[str, Any]]] = {}
    for message in map(json.loads, messages.read_text("utf-8").splitlines()):
        if message["type"] == "SCHEMA":
            properties = message["schema"]["properties"]
            columns[message["stream"]] = {name: type_of(name, part) for name, part in properties.items()}
        elif message["type"] == "RECORD":
            records.setdefault(message["stream"], []).append(message["record"])
    for stream, types in columns.items():
        named = ", ".join(f'"{name.upper()}" {kind}' for name, kind in types.items())
        values = ", ".join(f'value:"{name}"::{kind}' for name, kind in types.items())
        cursor.execute(f"create table {stream} ({named}, _sdc_deleted_at timestamp_ntz)")
        given = json.dumps(records.get(stream, []))
        query = f"select {values}, null from table(flatten(parse_json(%s)))"  # noqa: S608
        cursor.execute(f"insert into {stream} {query}", (given,))
    return columns


def type_of(name: str, schema: dict[str, Any]) -> str:
    """The target's type of a column: its timestamps have no zone unless its setting `timestamp_type` gives them one."""
    if schema.get("format") == "date-time":
        return "timestamp_tz" if name == "created_at" else "timestamp_ntz"
    return next((TYPES[kind] for kind in schema["type"] if kind in TYPES), "varchar")


def rows(connection: Any, mart: str) -> list[dict[str, Any]]:
    """What a mart has, with names in lower case."""
    cursor = connection.cursor(snowflake.connector.DictCursor)
    found = cursor.execute(f"select * from raw.marts.{mart}").fetchall()  # noqa: S608
    return [{name.lower(): value for name, value in row.items()} for row in found]


def refusals(nodes: list[Any], sources: dict[str, dict[str, str]]) -> Iterator[str]:
    """What Snowflake would refuse or read wrongly, and the emulator does not.

    These are names in the wrong case, coalesce with one argument, and casts that drop the zone of a timestamp.
    """
    schema: dict[str, Any] = {"INCIDENT": {}, "MARTS": {}}
    zoned = {name.upper() for columns in sources.values() for name, kind in columns.items() if kind == "timestamp_tz"}
    for stream, columns in sources.items():
        schema["INCIDENT"][stream.upper()] = {name.upper(): "variant" for name in [*columns, "_sdc_deleted_at"]}
    for node in nodes:
        statement = sqlglot.parse_one(node.compiled_code, dialect="snowflake")
        if any(not call.expressions for call in statement.find_all(exp.Coalesce)):
            yield f"{node.name}: coalesce with one argument"
        if any(cast.to.is_type("timestamp_ntz") and cast.this.name in zoned for cast in statement.find_all(exp.Cast)):
            yield f"{node.name}: a timestamp without its zone"
        try:
            query = qualify(statement, dialect="snowflake", schema={"RAW": schema}, catalog="RAW", db="MARTS")
        except sqlglot.errors.OptimizeError as error:
            yield f"{node.name}: {error}"
        else:
            schema["MARTS"][node.name.upper()] = {column.alias_or_name: "variant" for column in query.selects}


if __name__ == "__main__":
    # The emulator's own: it copies rows once more than it needs to.
    warnings.simplefilter("ignore", UserWarning)
    main(*sys.argv[1:])
