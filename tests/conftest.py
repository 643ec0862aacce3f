"""What the tests share: whole runs of `main` against the stand-in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tap_incident import main
from tests.fake_api import FakeApi
from tests.runs import KEY, Run, parsed

Tap = Callable[..., Run]


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test depends on a key or an endpoint that the machine's user happens to have set."""
    for name in ("INCIDENT_API_KEY", "INCIDENT_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    yield


@pytest.fixture
def tap(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Tap:
    """Run `main` against a fake: tap(fake, catalog=..., state=..., properties=..., **settings) gives a Run."""

    def run(fake: FakeApi, *, settings: dict[str, Any] | None = None, **files: Any) -> Run:
        config = {"api_key": KEY, "endpoint": fake.url, **(settings or {})}
        arguments = []
        for name, content in {"config": config, **files}.items():
            path = tmp_path / f"{name}.json"
            path.write_text(json.dumps(content))
            path.chmod(0o600)
            arguments += [f"--{name}", str(path)]
        capsys.readouterr()
        code = main(arguments)
        return Run(code, parsed(capsys.readouterr().out))

    return run
