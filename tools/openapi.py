"""The newest OpenAPI document of the API: a file, the API's own, or what the vendor's SDK shows of it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from tap_incident.api.client import Client
from tap_incident.config import load
from tap_incident.errors import TapError

Json = dict[str, Any]

REPOSITORY = Path(__file__).resolve().parents[1]
SDK_PYTHON = REPOSITORY / ".api" / "bin" / "python"
"""The Python of the environment that has the newest SDK; `make` creates it."""
PATH = "/v1/openapiV3.json"
SECONDS = 120
UNAVAILABLE = (OSError, ValueError, TapError, subprocess.SubprocessError)
"""What is raised if there is no document."""


@dataclass(frozen=True)
class Source:
    """A document, and where it comes from. `whole` is False if it lacks scopes and maxima."""

    name: str
    content: Json
    whole: bool = True


def newest(spec: str | None, environ: Mapping[str, str], sdk_python: Path = SDK_PYTHON) -> Source:
    """The document in the file `spec`; without one, the API's own if INCIDENT_API_KEY is set, else that of the SDK.

    Raises one of `UNAVAILABLE` if there is none.
    """
    if spec:
        return Source(spec, json.loads(Path(spec).read_text("utf-8")))
    if environ.get("INCIDENT_API_KEY"):
        config = load(None, environ)
        content = Client(config, stop=Event()).get(PATH, (), "the API's document")
        return Source(config.endpoint + PATH, content)
    return of_sdk(sdk_python)


def of_sdk(python: Path) -> Source:
    """The document of the SDK that the environment of this Python has."""
    command = [str(python), "-m", "tools.sdk_document"]
    done = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, timeout=SECONDS, check=True)
    content: Json = json.loads(done.stdout)
    return Source(f"the SDK incident-io {content['info']['version']}", content, whole=False)
