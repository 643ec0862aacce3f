"""The marts: built by dbt from files, a DuckDB file or PostgreSQL, and read as rows; and what is known of the data."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import duckdb

from tools.report.options import BadOption, Options

Row = dict[str, Any]
Tables = Mapping[str, list[Row]]

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "output"
MARTS = OUTPUT / "marts.duckdb"
TABLES = (
    *("incident_metrics", "follow_up_metrics", "alert_metrics", "stg_pages", "stg_incident_teams", "base_severities"),
    *("stg_team_members", "stg_schedule_people", "stg_custom_field_values", "stg_duration_metrics"),
    *("base_catalog_entries", "base_catalog_types"),
)


@dataclass(frozen=True)
class Origin:
    """Where the rows come from."""

    as_of: datetime
    """When they were read, or the present if nothing says so."""
    organisation: str = ""
    sample: bool = False
    read: bool = True
    """Whether something says when they were read."""
    noted: bool = False
    """Whether make run noted which streams it read."""
    code: int = 0
    """Exit code of the run that read them."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """The streams that were selected and did not come, with the permission that each needs."""


def files(options: Options) -> Path | None:
    """The folder of files to read; None for a database. Raises BadOption if it has no incidents."""
    folder = Path(options.database or OUTPUT)
    if options.database and not folder.is_dir():
        return None
    several = any(folder.glob("incidents-*.jsonl"))
    if several and (folder / "run.json").exists():
        raise BadOption(
            f"{folder} has files of make run and of target-jsonl: move one kind away, and name it: DB=FOLDER"
        )
    if not several and not (folder / "incidents.jsonl").exists():
        raise BadOption(f"there are no incidents in {folder}: first make run, or say what to read: DB=...")
    return folder.resolve()


def origin(folder: Path | None, now: datetime) -> Origin:
    """What run.json says of the files, else how new they are; for a database only the present."""
    if folder is None:
        return Origin(now, read=False)
    if not (folder / "run.json").exists():
        newest = max(path.stat().st_mtime for path in folder.glob("*.jsonl"))
        return Origin(datetime.fromtimestamp(newest, timezone.utc))
    said = json.loads((folder / "run.json").read_text("utf-8"))
    key = said["organisation"]
    name = " ".join(filter(None, (key.get("dashboard_url"), key.get("name") and f"(API key “{key['name']}”)")))
    return Origin(
        datetime.fromisoformat(said["began"]), name, said["sample"], True, True, said["exit_code"], said["missing"]
    )


def build(options: Options, as_of: datetime) -> tuple[str, set[str]]:
    """Build the marts; gives the target of dbt, and the streams that are not there. Raises CalledProcessError."""
    target, variables, more = _target(options)
    variables |= {"incident_time_zone": options.zone, "incident_night_hours": options.night}
    variables |= {"incident_now": as_of.isoformat(timespec="seconds")}
    dbt = Path(sys.executable).with_name("dbt")
    command = [str(dbt), "--no-use-colors", "run", "--project-dir", "models", "--profiles-dir", "models"]
    command += ["--target", target, "--vars", json.dumps(variables)]
    # TZ is the reader's: it changes nothing of what a database means by a moment.
    environ = {name: value for name, value in os.environ.items() if name != "TZ"} | more
    done = subprocess.run(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        print(done.stdout, file=sys.stderr)
        done.check_returncode()
    return target, set(re.findall(r"there is no (\w+), so", done.stdout))


def _target(options: Options) -> tuple[str, dict[str, Any], dict[str, str]]:
    folder, marts = files(options), {"INCIDENT_MARTS": str(MARTS)}
    if folder:
        return "files", {"incident_files": str(folder)}, marts
    if options.database == "postgres":
        return "postgres", {}, {}
    path = Path(options.database).resolve()
    if not path.exists():
        raise BadOption(f"DB={options.database}: there is no such file; postgres means the database in PGHOST")
    return "duckdb", {"incident_database": "loaded"}, {"INCIDENT_DUCKDB": str(path), **marts}


def read(target: str) -> Tables:
    """The rows of each table that the report needs, by its name."""
    connection = _postgres() if target == "postgres" else duckdb.connect(str(MARTS), read_only=True)
    try:
        found = {}
        for table in TABLES:
            cursor = connection.cursor()
            cursor.execute(f"SELECT * FROM {table}")  # noqa: S608 - our own names
            names = [column[0] for column in cursor.description]
            found[table] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return found
    finally:
        connection.close()


def _postgres() -> Any:
    import psycopg2  # noqa: PLC0415 - only dbt's environment has it

    schema = os.environ.get("INCIDENT_MARTS_SCHEMA", "incident_marts")
    return psycopg2.connect(options=f"-c search_path={schema}")


def definition(variable: str) -> str:
    """The names in a variable of models/dbt_project.yml, with commas between."""
    text = (ROOT / "models" / "dbt_project.yml").read_text("utf-8")
    found = re.search(rf"^  {variable}: \[(.*)\]$", text, re.MULTILINE)
    return found[1] if found else ""
