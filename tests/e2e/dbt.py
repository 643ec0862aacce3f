"""dbt as `make models` has it, and what it makes of models/ in each of the databases that it runs on."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.support.paths import REPOSITORY
from tests.support.runs import Json

from .environments import SECONDS, output
from .pipes import exact
from .postgres import Database
from .stores import SCRIPT

MODELS = REPOSITORY / "models"
SCHEMA = "incident_marts"
"""Where models/profiles.yml puts the marts in PostgreSQL."""


@dataclass(frozen=True)
class Layout:
    """Where dbt finds the rows, and where it leaves the marts."""

    target: str
    """One of models/profiles.yml."""
    marts: Path | Database
    """A DuckDB file or a PostgreSQL database."""
    variables: Json = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)

    def rows(self) -> Mapping[str, list[Json]]:
        """What each mart has, by name."""
        marts = sorted(path.stem for path in (MODELS / "marts").glob("*.sql"))
        if isinstance(self.marts, Database):
            return {mart: self.marts.rows(f"SELECT * FROM {SCHEMA}.{mart}") for mart in marts}  # noqa: S608
        found = exact(output(str(bin_folder() / "python"), str(SCRIPT), str(self.marts), "main"))["rows"]
        return {mart: found[mart] for mart in marts}


def in_files(rows: Path, marts: Path) -> Layout:
    """Files of JSON lines in the folder `rows`, read by DuckDB."""
    return Layout("files", marts, {"incident_files": str(rows)}, {"INCIDENT_MARTS": str(marts)})


def in_duckdb(loaded: Path, marts: Path) -> Layout:
    """A file that target-duckdb filled."""
    environ = {"INCIDENT_MARTS": str(marts), "INCIDENT_DUCKDB": str(loaded)}
    return Layout("duckdb", marts, {"incident_database": "loaded"}, environ)


def in_postgres(database: Database) -> Layout:
    """A database that a loader filled."""
    server = database.server
    at = {"PGHOST": server.host, "PGPORT": str(server.port), "PGUSER": server.user, "PGDATABASE": database.name}
    return Layout("postgres", database, {}, {**at, "PGPASSWORD": server.password})


@dataclass(frozen=True)
class Built:
    """What `dbt build` said."""

    code: int
    statuses: Mapping[str, str]
    """Of each model and test by its unique_id: success, pass, warn, fail, error or skipped."""
    printed: str


@cache
def bin_folder() -> Path:
    """The bin folder of dbt's environment, made if need be."""
    output("make", "--no-print-directory", ".dbt/.ready")
    return REPOSITORY / ".dbt" / "bin"


def build(layout: Layout, folder: Path, **variables: str) -> Built:
    """Run `dbt build` on all of models/, with what it writes beside the marts in `folder`."""
    given = json.dumps({**layout.variables, **variables})
    places = ("--target-path", str(folder / "target"), "--log-path", str(folder / "logs"))
    at = ("--project-dir", str(MODELS), "--profiles-dir", str(MODELS), "--target", layout.target, *places)
    done = subprocess.run(
        [str(bin_folder() / "dbt"), "--no-use-colors", "build", *at, "--vars", given],
        env={**os.environ, **layout.environ},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    results = folder / "target" / "run_results.json"
    found = json.loads(results.read_text("utf-8"))["results"] if results.exists() else []
    return Built(done.returncode, {result["unique_id"]: result["status"] for result in found}, done.stdout)
