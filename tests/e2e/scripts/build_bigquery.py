"""Run by the Python of dbt-warehouses: compiles models/ for BigQuery, and runs what comes of it in DuckDB.

Arguments: a file with the tables that BigQuery would have and their columns, a file of messages, the folder of the
models, a folder for dbt's files and profiles.yml, variables as JSON. Prints as JSON: the queries in the order of their
dependencies, the rows of the marts, and what DuckDB refused.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from graphlib import TopologicalSorter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from dbt.cli.main import dbtRunner

Json = dict[str, Any]
PROFILE = {"type": "bigquery", "method": "oauth-secrets", "token": "none", "project": "p", "dataset": "d", "threads": 1}
# What SQL calls the types of the API, where it has another name for them.
GOOGLE = {"RECORD": "STRUCT<{}>", "REPEATED": "ARRAY<{}>", "QUOTED": "`{}` {}", "integer": "INT64", "float": "FLOAT64"}
DUCKDB = {
    "RECORD": "STRUCT({})",
    "REPEATED": "{}[]",
    "QUOTED": '"{}" {}',
    "integer": "BIGINT",
    "float": "DOUBLE",
    "timestamp": "TIMESTAMPTZ",
}


def main(columns: str, messages: str, models: str, folder: str, variables: str) -> None:
    """Compile, run, print."""
    tables: dict[str, list[Json]] = json.loads(Path(columns).read_text("utf-8"))
    nodes = compiled(tables, models, folder, variables)
    # Without the names of project and dataset, which neither the analyzer nor DuckDB has.
    queries = {node.name: re.sub(r"`p`\.`\w+`\.(`\w+`)", r"\1", node.compiled_code) for node in nodes}
    empty = {name: f"SELECT {', '.join(map(null_of, found))}" for name, found in tables.items()}
    ordered = [{"name": name, "sql": query} for name, query in (empty | queries).items()]
    found: Json = {"queries": ordered, "rows": {}, "failed": None}
    with duckdb.connect() as database:
        try:
            load(database, tables, Path(messages), Path(folder))
            for node in (node for node in nodes if node.resource_type == "model"):
                # The translation counts from one where BigQuery's OFFSET counts from zero.
                sql = queries[node.name].replace("place + 1", "place")
                query = sqlglot.transpile(sql, read="bigquery", write="duckdb")[0]
                database.execute(f"CREATE TABLE {node.name} AS {query}")
                if node.original_file_path.startswith("marts"):
                    found["rows"][node.name] = rows(database.execute(f"FROM {node.name}"))
        except duckdb.Error as error:
            found["failed"] = str(error)
    print(json.dumps(found, default=lambda value: float(value) if isinstance(value, Decimal) else str(value)))


def compiled(tables: Mapping[str, list[Json]], models: str, folder: str, variables: str) -> list[Any]:
    """The models and data tests with their SQL, each behind what it reads."""
    places = ["--profiles-dir", folder, "--target-path", f"{folder}/target", "--log-path", f"{folder}/logs"]
    with serving(tables) as url:
        profile = {"tap_incident": {"target": "d", "outputs": {"d": {**PROFILE, "api_endpoint": url}}}}
        (Path(folder) / "profiles.yml").write_text(json.dumps(profile))
        done = dbtRunner().invoke(["--quiet", "compile", "--project-dir", models, *places, "--vars", variables])
    if not done.success:
        sys.exit(f"dbt compile failed: {done.exception}")
    nodes = {result.node.unique_id: result.node for result in done.result}
    order = TopologicalSorter({name: node.depends_on.nodes for name, node in nodes.items()}).static_order()
    return [nodes[name] for name in order if name in nodes and nodes[name].resource_type in ("model", "test")]


@contextmanager
def serving(tables: Mapping[str, list[Json]]) -> Iterator[str]:
    """As much of BigQuery's API as `dbt compile` asks for: which tables there are, and their columns."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            dataset, _, name = self.path.partition("?")[0].rpartition("/tables/")
            is_there = dataset.endswith("/datasets/incident") and name in tables
            place = {"projectId": "p", "datasetId": "incident", "tableId": name}
            answer = {"tableReference": place, "type": "TABLE", "schema": {"fields": tables.get(name)}}
            self.send_response(200 if is_there else 404)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answer if is_there else {}).encode())

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def type_of(column: Json, names: Mapping[str, str]) -> str:
    """A column's type in SQL, by one of the tables of names."""
    parts = (names["QUOTED"].format(part["name"], type_of(part, names)) for part in column.get("fields", ()))
    kind = names.get(column["type"], column["type"]).format(", ".join(parts))
    return names["REPEATED"].format(kind) if column["mode"] == "REPEATED" else kind


def null_of(column: Json) -> str:
    """A null with a column's type and name."""
    return f"CAST(NULL AS {type_of(column, GOOGLE)}) AS `{column['name']}`"


def load(database: Any, tables: Mapping[str, list[Json]], messages: Path, folder: Path) -> None:
    """Fill the tables that there are with the records in a file of messages, each value as the table's type."""
    database.execute("SET TimeZone = 'UTC'")
    lines: dict[str, list[str]] = {name: [] for name in tables}
    for message in map(json.loads, messages.read_text("utf-8").splitlines()):
        if message["type"] == "RECORD" and message["stream"] in lines:
            lines[message["stream"]].append(json.dumps(message["record"]) + "\n")
    for name, columns in tables.items():
        path, types = folder / f"{name}.jsonl", {column["name"]: type_of(column, DUCKDB) for column in columns}
        path.write_text("".join(lines[name]))
        source = f"read_json('{path}', format = 'newline_delimited', columns = {types})"
        database.execute(f"CREATE TABLE {name} AS FROM {source}")


def rows(answer: Any) -> list[Json]:
    """The rows of a query."""
    names = [column[0] for column in answer.description]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


if __name__ == "__main__":
    main(*sys.argv[1:])
