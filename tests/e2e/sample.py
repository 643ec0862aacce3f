"""The sample organisation of make run, made awkward, loaded by each loader that fills a database, and in files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from tap_incident.settings import INCIDENT_MODES
from tests.fake_api import FakeApi, Organisation, sample_organisation
from tests.fake_api.making import instant
from tests.support.runs import Json, only
from tools.run import write

from .dbt import MODELS, Built, Layout, build, in_duckdb, in_files, in_postgres
from .pipes import Piped, pipe
from .targets import DUCKDB_TARGET, MELTANO_TARGET, PIPELINEWISE_TARGET, Place, Target

# The others would take minutes to read.
NEEDED = only(*(path.stem.removeprefix("base_") for path in (MODELS / "base").glob("*.sql")))
LAYOUTS: dict[str, Target | None] = {
    "meltano": MELTANO_TARGET,
    "pipelinewise": PIPELINEWISE_TARGET,
    "duckdb": DUCKDB_TARGET,
    "files": None,
}


SETTINGS: Json = {"incident_modes": list(INCIDENT_MODES)}


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
    return {
        **row,
        "mode": "test" if place % 20 == 7 else row["mode"],
        "severity": None if place % 25 == 9 else row["severity"],
    }


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


def layout_of(place: Place, marts: Path) -> Layout:
    """What dbt has to know of where a loader stored."""
    if place.database is not None:
        return in_postgres(place.database)
    return in_duckdb(Path(place.config["path"]), marts)


@pytest.fixture(scope="session", params=LAYOUTS)
def layout(
    request: pytest.FixtureRequest,
    pour: Callable[..., Piped],
    tap: Path,
    sample_api: FakeApi,
    tmp_path_factory: pytest.TempPathFactory,
) -> Layout:
    """Each database, and the folder of files, with the streams of the sample organisation that models read."""
    folder = tmp_path_factory.mktemp(f"sample-{request.param}")
    target = LAYOUTS[request.param]
    if target:
        place = target.place(request, folder)
        pour(target.loader, place.config, api=sample_api, catalog=NEEDED, settings=SETTINGS).loaded()
        return layout_of(place, folder / "marts.duckdb")
    (folder / "catalog.json").write_text(json.dumps(NEEDED))
    (folder / "settings.json").write_text(json.dumps(SETTINGS))
    command = [str(tap), "--catalog", str(folder / "catalog.json"), "--config", str(folder / "settings.json")]
    piped = pipe(command, ["/bin/cat"], sample_api, folder).succeeded()
    write(piped.printed.splitlines(), folder / "output")
    return in_files(folder / "output", folder / "marts.duckdb")


@pytest.fixture(scope="session")
def built(layout: Layout, sample: Organisation, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """`dbt build` on each of them, in the sample's present."""
    return build(layout, tmp_path_factory.mktemp("built"), incident_now=sample.now.isoformat())
