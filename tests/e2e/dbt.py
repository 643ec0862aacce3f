"""dbt as `make models` has it, the databases and files that it reads, and the sample organisation in each of them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tap_incident.settings import INCIDENT_MODES
from tests.fake_api import FakeApi, Organisation, sample_organisation
from tests.fake_api.making import instant
from tests.support.paths import REPOSITORY
from tests.support.runs import Json, only
from tools.run import write

from .loaders import DuckFile, Piped, bin_folder, output, pipe
from .postgres import Database
from .targets import LOADED, place_of

MODELS = REPOSITORY / "models"
SCHEMA = "incident_marts"
"""Where models/profiles.yml puts the marts in PostgreSQL."""


@dataclass(frozen=True)
class Layout:
    """Where dbt finds the rows, and where it leaves the marts."""

    target: str
    """One of models/profiles.yml."""
    marts: DuckFile | Database
    variables: Json = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)

    def query(self, sql: str) -> list[Json]:
        """The rows of a query of the marts."""
        return self.marts.rows(sql, SCHEMA if isinstance(self.marts, Database) else "main")

    def rows(self) -> Mapping[str, list[Json]]:
        """What each mart has, by name."""
        return {path.stem: self.query(f"SELECT * FROM {path.stem}") for path in (MODELS / "marts").glob("*.sql")}  # noqa: S608


def in_files(rows: Path, marts: Path) -> Layout:
    """Files of JSON lines in the folder `rows`, read by DuckDB."""
    return Layout("files", DuckFile(marts), {"incident_files": str(rows)}, {"INCIDENT_MARTS": str(marts)})


def in_duckdb(loaded: Path, marts: Path) -> Layout:
    """A file that target-duckdb filled."""
    environ = {"INCIDENT_MARTS": str(marts), "INCIDENT_DUCKDB": str(loaded)}
    return Layout("duckdb", DuckFile(marts), {"incident_database": "loaded"}, environ)


def in_postgres(database: Database) -> Layout:
    """A database that a loader filled."""
    server = database.server
    at = {"PGHOST": server.host, "PGPORT": str(server.port), "PGUSER": server.user, "PGDATABASE": database.name}
    return Layout("postgres", database, {}, {**at, "PGPASSWORD": server.password})


def build(layout: Layout, folder: Path, **variables: str) -> str:
    """What `dbt build` prints, run on all of models/, with what it writes beside the marts in `folder`."""
    given = json.dumps({**layout.variables, **variables})
    places = ("--target-path", folder / "target", "--log-path", folder / "logs")
    at = ("--project-dir", MODELS, "--profiles-dir", MODELS, "--target", layout.target, *places)
    command = (bin_folder() / "dbt", "--no-use-colors", "build", *at, "--vars", given)
    return output(*command, env={**os.environ, **layout.environ}, cwd=folder)


# The others would take minutes to read.
NEEDED = only(*(path.stem.removeprefix("base_") for path in (MODELS / "base").glob("*.sql")))
SETTINGS: Json = {"incident_modes": list(INCIDENT_MODES)}
MOMENT = r"\d\d[T ]\d\d:\d\d"


@pytest.fixture(scope="session")
def sample() -> Organisation:
    """The organisation that make run reads, with incidents, alerts and shifts that are easy to count wrongly."""
    org = sample_organisation(200, now=datetime.now(timezone.utc).replace(microsecond=0))
    for path, change in (
        ("/v2/incidents", _incident),
        ("/v3/follow_ups", lambda place, row: {**row, "assignee_team": None} if place % 4 == 1 else row),
        ("/v2/escalations", _escalation),
    ):
        org.rows[path][:] = [change(place, row) for place, row in enumerate(org.rows[path])]
    org.modes |= {row["id"]: row["mode"] for row in org.rows["/v2/incidents"]}
    org.rows["/v2/alert_sources"].pop()
    own, other = (row["id"] for row in org.rows["/v2/schedules"][:2])
    for row in [row for row in org.rows["/v2/schedule_entries"] if row["schedule_id"] == own]:
        # The same people in two schedules, half a day later.
        later = {name: instant(row[name])[0] + timedelta(hours=12) for name in ("start_at", "end_at")}
        times = {name: moment.strftime("%Y-%m-%dT%H:%M:%SZ") for name, moment in later.items()}
        again = {**row, **times, "schedule_id": other, "entry_id": f"{row['entry_id']}-2"}
        org.rows["/v2/schedule_entries"].append(again)
    return org


def _incident(place: int, row: Json) -> Json:
    """Some were opened again and have kept their "Resolved at"; some lack "Reported at" or a severity, or are tests."""
    if place % 10 == 3:
        row = {**row, "incident_status": {**row["incident_status"], "category": "live"}}
    if place % 10 == 5:
        first, *others = row["incident_timestamp_values"]
        row = {**row, "incident_timestamp_values": [{**first, "value": None}, *others]}
    if place % 20 == 7:
        row = {**row, "mode": "test"}
    return {**row, "severity": None} if place % 25 == 9 else row


def _escalation(place: int, row: Json) -> Json:
    """Some begin with a notice of low urgency and repeat the next one; some have no other."""
    first = row["events"][0]
    low = {**first, "urgency": "low"}
    if place % 7 == 3:
        return {**row, "events": [low, low]}
    return {**row, "events": [low, first, *row["events"]]} if place % 5 == 2 else row


@pytest.fixture(scope="session")
def sample_api(sample: Organisation) -> Iterator[FakeApi]:
    """The stand-in that serves it."""
    with FakeApi(sample) as fake:
        yield fake


@pytest.fixture(scope="session")
def messages(tap: Path, sample_api: FakeApi, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of the tap's messages with the streams that models read."""
    folder = tmp_path_factory.mktemp("messages")
    (folder / "catalog.json").write_text(json.dumps(NEEDED))
    (folder / "settings.json").write_text(json.dumps(SETTINGS))
    command = [str(tap), "--catalog", str(folder / "catalog.json"), "--config", str(folder / "settings.json")]
    piped = pipe(command, ["/bin/cat"], sample_api, folder)
    assert piped.run.code == 0, piped.said
    (folder / "printed.jsonl").write_text(piped.printed, "utf-8")
    return folder / "printed.jsonl"


@pytest.fixture(scope="session")
def files(messages: Path, tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """A folder of files, as `make run` writes them."""
    folder = tmp_path_factory.mktemp("files")
    write(messages.read_text("utf-8").splitlines(), folder / "output", {})
    return in_files(folder / "output", folder / "marts.duckdb")


@pytest.fixture(scope="session")
def marts(files: Layout, sample: Organisation, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[Json]]:
    """What the marts are of files, and have to be in every database.

    The unit tests of models/ and the queries of docs/questions.md say whether that is right.
    """
    build(files, tmp_path_factory.mktemp("marts"), incident_now=sample.now.isoformat())
    return files.rows()


@pytest.fixture(scope="session", params=[*LOADED, "files"])
def layout(
    request: pytest.FixtureRequest,
    pour: Callable[..., Piped],
    sample_api: FakeApi,
    tmp_path_factory: pytest.TempPathFactory,
) -> Layout:
    """Each database, and the folder of files, with the streams of the sample organisation that models read."""
    if request.param == "files":
        found: Layout = request.getfixturevalue("files")
        return found
    loader, folder = LOADED[request.param], tmp_path_factory.mktemp("sample")
    place = place_of(loader, request, folder)
    pour(loader, place.config, api=sample_api, catalog=NEEDED, settings=SETTINGS).loaded()
    if isinstance(place.store, Database):
        return in_postgres(place.store)
    return in_duckdb(place.store.path, folder / "marts.duckdb")


@pytest.fixture(scope="session")
def built(layout: Layout, sample: Organisation, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What `dbt build` says on each of them, in the sample's present."""
    return build(layout, tmp_path_factory.mktemp("built"), incident_now=sample.now.isoformat())


def comparable(rows: list[Json], wanted: list[Json]) -> list[list[Any]]:
    """The columns of `wanted`, in an order that is the rows' own; numbers to the sixth digit.

    Moments are left out, since each database writes them in its own way.
    """
    moments = {name for row in wanted for name, value in row.items() if re.search(MOMENT, str(value))}
    names = [name for name in (wanted[0] if wanted else ()) if name not in moments]
    return sorted(([_plain(row[name]) for name in names] for row in rows), key=repr)


def _plain(value: Any) -> Any:
    is_number = value is not None and not isinstance(value, (bool, str))
    return round(float(value), 6) if is_number else value
