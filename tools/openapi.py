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
LATER = Path(__file__).with_name("later.json")
"""By the version of the SDK, what its document lacks and the API has, as parts of a document."""
UNAVAILABLE = (OSError, ValueError, TapError, subprocess.SubprocessError, tarfile.TarError)
"""What is raised if there is no document."""


@dataclass(frozen=True)
class Source:
    """A document, where it comes from, and what to know about that (empty: nothing)."""

    name: str
    content: Json
    note: str = ""


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
        only = ("--no-deps", "--ignore-requires-python", "--no-binary", SDK)
        _ran(pip, "download", "--quiet", *only, "--dest", folder, release)
        (sdist,) = Path(folder).glob("*.tar.gz")
        version = sdist.name.removesuffix(".tar.gz").rpartition("-")[2]
        later = json.loads(LATER.read_text("utf-8")).get(version, {})
        return Source(f"the sdist of {SDK} {version}", merged(document_in(sdist), later), _age(pip, version))


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
