"""The newest OpenAPI document of the API: a file, the API's own, or the one in the sdist of the vendor's SDK."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

from tap_incident.api.client import Client
from tap_incident.config import load
from tap_incident.errors import TapError

Json = dict[str, Any]

PIP = Path(sys.executable).with_name("pip")
SDK = "incident-io"
PATH = "/v1/openapiV3.json"
SECONDS = 300
LATER = Path(__file__).with_name("later.json")
"""By the version of the SDK, what its document lacks and the API has, as parts of a document."""
UNAVAILABLE = (OSError, ValueError, TapError, subprocess.SubprocessError, tarfile.TarError)
"""What is raised if there is no document."""


def newest(spec: str | None, environ: Mapping[str, str], pip: Path = PIP) -> tuple[str, Json]:
    """The document in the file `spec`; without one, the API's own if INCIDENT_API_KEY is set, else that of the SDK.

    Gives where it comes from, and the document. Raises one of `UNAVAILABLE` if there is none.
    """
    if spec:
        return spec, json.loads(Path(spec).read_text("utf-8"))
    if environ.get("INCIDENT_API_KEY"):
        config = load([], environ)
        return config.endpoint + PATH, Client(config, stop=Event()).get(PATH, (), "the API's document")
    return of_sdk(pip)


def of_sdk(pip: Path = PIP, release: str = SDK) -> tuple[str, Json]:
    """The document in the sdist of the newest SDK, or of another release (`incident-io==2.29.0`)."""
    with TemporaryDirectory() as folder:
        # The document doesn't depend on which Python the SDK needs.
        only = ("--no-deps", "--ignore-requires-python", "--no-binary", SDK)
        command = [str(pip), "download", "--quiet", "--disable-pip-version-check", *only, "--dest", folder, release]
        subprocess.run(command, timeout=SECONDS, check=True)
        (sdist,) = Path(folder).glob("*.tar.gz")
        version = sdist.name.removesuffix(".tar.gz").rpartition("-")[2]
        later = json.loads(LATER.read_text("utf-8")).get(version, {})
        return f"the sdist of {SDK} {version}", merged(document_in(sdist), later)


def document_in(sdist: Path) -> Json:
    """The document in a downloaded sdist."""
    with tarfile.open(sdist) as archive:
        name = next((name for name in archive.getnames() if name.endswith("/openapi.json")), None)
        file = archive.extractfile(name) if name else None
        if file is None:
            raise ValueError(f"{sdist.name} has no openapi.json")
        content: Json = json.load(file)
        return content


def merged(content: Any, later: Any) -> Any:
    """A document, or a part of one, with what a later one adds to it."""
    if isinstance(content, dict) and isinstance(later, dict):
        return content | {name: merged(content.get(name), part) for name, part in later.items()}
    if isinstance(content, list) and isinstance(later, list):
        return content + [part for part in later if part not in content]
    return later
