"""Where make facts and make schema-drift get the document: a file, the API, or the sdist of the vendor's SDK."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

from tests.fake_api import FakeApi, Fault, Organisation
from tests.support.faults import at
from tests.support.runs import Json
from tools.openapi import PATH, newest

DOCUMENT: Json = {"paths": {"/v1/severities": {"get": {}}}}


def pip(folder: Path) -> Path:
    """A pip whose index has version 2.1 of the SDK."""
    document, archive = folder / "openapi.json", folder / "incident_io-2.1.tar.gz"
    document.write_text(json.dumps(DOCUMENT))
    with tarfile.open(archive, "w:gz") as sdist:
        sdist.add(document, "incident_io-2.1/openapi.json")
    script = folder / "pip"
    script.write_text(f"""#!/bin/sh
        while [ "$1" != --dest ]; do shift; done
        cp {archive} "$2"
    """)
    script.chmod(0o755)
    return script


def test_a_file_comes_before_the_api(tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(DOCUMENT))
    with FakeApi(Organisation()) as api:
        found = newest(str(path), {"INCIDENT_API_KEY": "secret-key", "INCIDENT_ENDPOINT": api.url})
        assert api.requests == []
    assert found == (str(path), DOCUMENT)


def test_the_api_serves_its_own_document_to_a_key() -> None:
    with FakeApi(Organisation(), faults=at(PATH, Fault(status=200, body=json.dumps(DOCUMENT)))) as api:
        found = newest(None, {"INCIDENT_API_KEY": "secret-key", "INCIDENT_ENDPOINT": api.url})
        (request,) = api.requests
    assert (request.path, request.authorization_ok) == (PATH, True)
    assert found == (api.url + PATH, DOCUMENT)


def test_without_a_key_the_sdist_of_the_sdk_is_read(tmp_path: Path) -> None:
    assert newest(None, {}, pip(tmp_path)) == ("the sdist of incident-io 2.1", DOCUMENT)
