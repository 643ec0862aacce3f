"""What the suite shares, each made once a session: the tap, what it reads, the server, and the way into a loader."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fake_api import FakeApi, Organisation
from tests.support.paths import REPOSITORY
from tests.support.runs import Json, Run

from .data import hard_organisation
from .environments import loader_command, tap_command
from .loaders import Loader
from .meltano import Project, project_with
from .pages import copied
from .pipes import Piped, pipe
from .postgres import Server, serving
from .sample import built, layout, sample, sample_api
from .targets import TARGETS, Filled, Target

Pour = Callable[..., Piped]
__all__ = ["built", "layout", "sample", "sample_api"]


@pytest.fixture(scope="session", autouse=True)
def _ended_in_order() -> Iterator[None]:
    """SIGTERM ends the session as an interruption does: with all that was started stopped."""

    def end(*_: Any) -> None:
        pytest.exit("stopped by SIGTERM", returncode=143)

    before = signal.signal(signal.SIGTERM, end)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def tap() -> Path:
    """The tap's command, installed from a wheel."""
    return tap_command()


@pytest.fixture(scope="session")
def org() -> Organisation:
    """What there is to read; not to be changed."""
    return hard_organisation()


@pytest.fixture(scope="session")
def api(org: Organisation) -> Iterator[FakeApi]:
    """The stand-in that serves it."""
    with FakeApi(org) as fake:
        yield fake


@pytest.fixture(scope="session")
def installed(tap: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of Meltano with the example and the tap from the wheel."""
    assert tap.exists()
    return project_with(REPOSITORY / "examples" / "meltano.yml", tmp_path_factory.mktemp("meltano")).install()


@pytest.fixture
def project(installed: Project, tmp_path: Path) -> Project:
    """The project with an empty place to load to, and no state."""
    return replace(installed, loaded=tmp_path)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the checkout, to run a page's commands in."""
    return copied(tmp_path / "checkout")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server of our own."""
    with serving() as server:
        yield server


@pytest.fixture(scope="session")
def pour(tap: Path, api: FakeApi, tmp_path_factory: pytest.TempPathFactory) -> Pour:
    """Pipe the tap into a loader: pour(loader, config, arguments=..., settings=..., catalog=..., state=..., api=...).

    `config` goes to the loader's --config, `settings` to the tap's, `catalog` and `state` to the tap, and `api` is
    served in place of the usual. Gives a Piped.
    Raises NoPython if there is none for the loader.
    """

    def run(
        loader: Loader,
        config: Json | None = None,
        *,
        arguments: tuple[str, ...] = (),
        api: FakeApi = api,
        settings: Json | None = None,
        **files: Json,
    ) -> Piped:
        target = [str(loader_command(loader)), *arguments]
        folder = tmp_path_factory.mktemp(loader.name)
        if config is not None:
            target += ["--config", _written(folder / "config.json", config)]
        options = [part for name, value in files.items() for part in (f"--{name}", _written(folder / name, value))]
        if settings is not None:
            options += ["--config", _written(folder / "settings.json", settings)]
        return pipe([str(tap), *options], target, api, folder)

    return run


@pytest.fixture(scope="session")
def written(tap: Path, api: FakeApi, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """What the tap writes, whoever reads it."""
    return pipe([str(tap)], ["/bin/cat"], api, tmp_path_factory.mktemp("written")).succeeded().run


@pytest.fixture(scope="session", params=TARGETS, ids=lambda target: target.loader.name)
def filled(request: pytest.FixtureRequest, pour: Pour, tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """Each database after a run into it; only to be read."""
    target: Target = request.param
    place = target.place(request, tmp_path_factory.mktemp(target.loader.name))
    return Filled(target, place, pour(target.loader, place.config).loaded().run)


def _written(path: Path, value: Json) -> str:
    path.write_text(json.dumps(value))
    return str(path)
