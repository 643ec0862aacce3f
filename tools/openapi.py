"""The newest OpenAPI document of the API: a file, the API's own, or the one in the sdist of the vendor's SDK."""

from __future__ import annotations

import json
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

from tap_incident.api.client import Client
from tap_incident.config import load
from tap_incident.errors import TapError

Json = dict[str, Any]

PIP = Path(__file__).resolve().parents[1] / ".api" / "bin" / "pip"
"""A pip that knows when a release came out; `make` installs it."""
SDK = "incident-io"
PATH = "/v1/openapiV3.json"
SECONDS = 300
WEEKS = 4
LACKS: Mapping[str, tuple[str, ...]] = {
    "2.29.0": (
        *("alert_attachments: ", "/v2/alert_attachments: ", "catalog_entries.custom_aliases: "),
        *("catalog_types.supports_custom_aliases: ", "AlertSourceV2.source_type: no longer value upwind"),
        "IncidentActivityLogEntryV2.type: no longer value investigation_heads_up",
    ),
}
"""Starts of differences that are known, by the version of the SDK: what its document lacks and the API has."""
UNAVAILABLE = (OSError, ValueError, TapError, subprocess.SubprocessError, tarfile.TarError)
"""What is raised if there is no document."""


@dataclass(frozen=True)
class Source:
    """A document, where it comes from, what to know about that (empty: nothing), and starts of known differences."""

    name: str
    content: Json
    note: str = ""
    lacks: tuple[str, ...] = ()


def newest(spec: str | None, environ: Mapping[str, str], pip: Path = PIP) -> Source:
    """The document in the file `spec`; without one, the API's own if INCIDENT_API_KEY is set, else that of the SDK.

    Raises one of `UNAVAILABLE` if there is none.
    """
    if spec:
        return Source(spec, json.loads(Path(spec).read_text("utf-8")))
    if environ.get("INCIDENT_API_KEY"):
        config = load(None, environ)
        content = Client(config, stop=Event()).get(PATH, (), "the API's document")
        return Source(config.endpoint + PATH, content)
    return of_sdk(pip)


def of_sdk(pip: Path = PIP, release: str = SDK) -> Source:
    """The document in the sdist of the newest SDK, or of another release (`incident-io==2.29.0`)."""
    with TemporaryDirectory() as folder:
        # The document doesn't depend on which Python the SDK needs.
        download = (
            "download",
            "--quiet",
            "--no-deps",
            "--ignore-requires-python",
            "--no-binary",
            SDK,
            "--dest",
            folder,
        )
        _ran(pip, *download, release)
        (sdist,) = Path(folder).glob("*.tar.gz")
        version = sdist.name.removesuffix(".tar.gz").rpartition("-")[2]
        name = f"the sdist of {SDK} {version}"
        return Source(name, document_in(sdist), _age(pip, version), LACKS.get(version, ()))


def document_in(sdist: Path) -> Json:
    """The document in a downloaded sdist."""
    with tarfile.open(sdist) as archive:
        name = next((name for name in archive.getnames() if name.endswith("/openapi.json")), None)
        file = archive.extractfile(name) if name else None
        if file is None:
            raise ValueError(f"{sdist.name} has no openapi.json")
        content: Json = json.load(file)
        return content


def _age(pip: Path, version: str) -> str:
    """What to say of a release that is old; nothing if the index does not say when it came out."""
    try:
        old = _ran(pip, "index", "versions", SDK, "--json", "--uploaded-prior-to", f"P{7 * WEEKS}D")
    except subprocess.CalledProcessError:
        return ""
    if json.loads(old)["versions"][0] != version:
        return ""
    return f"{SDK} {version} is older than {WEEKS} weeks: the API may have more than its document says."


def _ran(pip: Path, *arguments: str) -> str:
    command = [str(pip), *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=SECONDS, check=True)
    return done.stdout
