"""The sample organisation of make run, loaded by each loader that fills a database, and written to files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from tests.fake_api import FakeApi, Organisation, sample_organisation
from tests.support.runs import only
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


@pytest.fixture(scope="session")
def sample() -> Organisation:
    """The organisation that make run reads."""
    return sample_organisation(200, now=datetime.now(timezone.utc))


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
        pour(target.loader, place.config, api=sample_api, catalog=NEEDED).loaded()
        return layout_of(place, folder / "marts.duckdb")
    (folder / "catalog.json").write_text(json.dumps(NEEDED))
    command = [str(tap), "--catalog", str(folder / "catalog.json")]
    piped = pipe(command, ["/bin/cat"], sample_api, folder).succeeded()
    write(piped.printed.splitlines(), folder / "output")
    return in_files(folder / "output", folder / "marts.duckdb")


@pytest.fixture(scope="session")
def built(layout: Layout, sample: Organisation, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """`dbt build` on each of them, in the sample's present."""
    return build(layout, tmp_path_factory.mktemp("built"), incident_now=sample.now.isoformat())
