"""A project of Meltano with examples/meltano.yml, installed in a temporary folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.fake_api import FakeApi
from tests.support.runs import KEY, Json

from .environments import KEPT, loader_command
from .loaders import ORCHESTRATOR

SECONDS = 300


@dataclass(frozen=True)
class Project:
    """A folder with the example, installed. `loaded` is where the next run loads to, and what its state is known by."""

    folder: Path
    wheel: Path
    loaded: Path

    def meltano(self, api: FakeApi | None, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command of Meltano."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("MELTANO_", "TAP_"))}
        environ |= {
            "TAP_INCIDENT_WHEEL": str(self.wheel),
            "TAP_INCIDENT_API_KEY": KEY,
            # The example says INCREMENTAL.
            "TAP_INCIDENT_REPLICATION_METHOD": "FULL_TABLE",
            "TARGET_JSONL_DESTINATION_PATH": str(self.loaded),
        }
        if api:
            # Who would be asked for definitions, or be told of the use, is the stand-in too: it has a list of requests.
            others = {"MELTANO_HUB_URL": api.url, "MELTANO_SNOWPLOW_COLLECTOR_ENDPOINTS": json.dumps([api.url])}
            # As the sample organisation prints it.
            environ |= {"INCIDENT_ENDPOINT": api.url, **others}
        return subprocess.run(
            [str(loader_command(ORCHESTRATOR)), *arguments],
            cwd=self.folder,
            env={**environ, **variables},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def install(self) -> Project:
        """The project after meltano install."""
        done = self.meltano(None, "install")
        assert done.returncode == 0, done.stderr
        return self

    def run(self, api: FakeApi, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Load once more, with a catalog of this run's own."""
        always = ("--refresh-catalog", "--state-id-suffix", self.loaded.name)
        return self.meltano(api, "run", *always, *options, "tap-incident", "target-jsonl", **variables)

    def state(self) -> Json:
        """The state that Meltano keeps."""
        name = f"prod:tap-incident-to-target-jsonl:{self.loaded.name}"
        found: Json = json.loads(self.meltano(None, "state", "get", name).stdout)
        return dict(found["singer_state"])

    def rows(self, stream: str) -> list[Json]:
        """What was loaded."""
        return [json.loads(line) for line in (self.loaded / f"{stream}.jsonl").read_text("utf-8").splitlines()]


def project_with(meltano_yml: Path, folder: Path) -> Project:
    """A project with this file, for the tap from the wheel."""
    shutil.copy(meltano_yml, folder / "meltano.yml")
    (wheel,) = (KEPT / "dist").glob("*.whl")
    return Project(folder, wheel, folder)
