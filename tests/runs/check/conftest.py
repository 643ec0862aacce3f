"""Runs that print something else than messages."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tap_incident import main
from tests.fake_api import NOW, FakeApi
from tests.support.runs import KEY, Json

Printed = Callable[..., tuple[int, str, str]]


@pytest.fixture
def printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Printed:
    """Run `main` with these options and settings: the exit code, stdout and stderr."""

    def run(fake: FakeApi, *options: str, catalog: Json | None = None, **settings: object) -> tuple[int, str, str]:
        files = {"config": {"api_key": KEY, "endpoint": fake.url} | settings, "catalog": catalog}
        arguments = [*options]
        for name, content in files.items():
            if content is not None:
                path = tmp_path / f"{name}.json"
                path.write_text(json.dumps(content))
                path.chmod(0o600)
                arguments.append(f"--{name}={path}")
        capsys.readouterr()
        code = main(arguments, clock=lambda: NOW)
        return code, *capsys.readouterr()

    return run
