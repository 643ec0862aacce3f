"""Where make facts and make schema-drift get the document: a file, the API, or the sdist of the vendor's SDK."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from pathlib import Path

import pytest

from tap_incident.errors import BadKey
from tests.fake_api import FakeApi, Fault, Organisation
from tests.support.runs import Json
from tools.facts import facts_of
from tools.openapi import PATH, document_in, merged, newest

ANSWER = {"properties": {"severities": {"type": "array", "items": {"type": "string"}}}}
DOCUMENT: Json = {
    "paths": {
        "/v1/severities": {
            "get": {"responses": {"200": {"content": {"application/json": {"schema": ANSWER}}}}},
            "post": {},
        },
        "/v1/only_written": {"post": {}},
    },
}


def served() -> FakeApi:
    """An API that serves the document."""
    body = json.dumps(DOCUMENT)
    return FakeApi(Organisation(), faults=lambda number, path, params: Fault(status=200, body=body))


def sdist(path: Path, **files: str) -> Path:
    """An sdist with these files; `_` stands for `.` in their names."""
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"{path.name.removesuffix('.tar.gz')}/{name.replace('_', '.')}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


def pip(folder: Path, old: str) -> Path:
    """A pip whose index has version 2.1 of the SDK; `old` is what it prints about releases that are old enough."""
    archive = sdist(folder / "incident_io-2.1.tar.gz", openapi_json=json.dumps(DOCUMENT))
    script = folder / "pip"
    script.write_text(
        "#!/bin/sh\n"
        f'[ "$1" = index ] && {{ {old}; exit; }}\n'
        'while [ "$1" != --dest ]; do shift; done\n'
        f'cp {archive} "$2"\n'
    )
    script.chmod(0o755)
    return script


def test_a_file_comes_before_the_api(tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(DOCUMENT))
    with served() as api:
        found = newest(str(path), {"INCIDENT_API_KEY": "secret-key", "INCIDENT_ENDPOINT": api.url})
        assert api.requests == []
    assert (found.name, found.content, found.note) == (str(path), DOCUMENT, "")


def test_the_api_serves_its_own_document_to_a_key() -> None:
    with served() as api:
        found = newest(None, {"INCIDENT_API_KEY": "secret-key", "INCIDENT_ENDPOINT": api.url})
        (request,) = api.requests
    assert (request.path, request.authorization_ok) == (PATH, True)
    assert (found.name, found.content) == (api.url + PATH, DOCUMENT)
    assert list(facts_of(found.content)["endpoints"]) == ["/v1/severities"]


def test_a_key_that_the_api_refuses_is_an_error() -> None:
    with FakeApi(Organisation()) as api, pytest.raises(BadKey):
        newest(None, {"INCIDENT_API_KEY": "wrong", "INCIDENT_ENDPOINT": api.url})


@pytest.mark.parametrize(
    ("old", "note"),
    [
        ("""echo '{"versions": ["2.1", "2.0"]}'""", "incident-io 2.1 is older than 4 weeks"),
        ("""echo '{"versions": ["2.0"]}'""", ""),
        ("false", ""),
    ],
)
def test_without_a_key_the_sdist_of_the_sdk_is_read_and_its_age_told(tmp_path: Path, old: str, note: str) -> None:
    found = newest(None, {}, pip(tmp_path, old))
    assert (found.name, found.content) == ("the sdist of incident-io 2.1", DOCUMENT)
    assert found.note.startswith(note)
    assert bool(found.note) == bool(note)


def test_what_the_sdk_lacks_is_added_to_its_document() -> None:
    content = {"paths": {"/a": {"get": {"enum": ["x"]}}}, "info": 1}
    later = {"paths": {"/a": {"get": {"enum": ["x", "y"]}}, "/b": {}}}
    assert merged(content, later) == {"paths": {"/a": {"get": {"enum": ["x", "y"]}}, "/b": {}}, "info": 1}
    assert content["paths"] == {"/a": {"get": {"enum": ["x"]}}}


def test_no_index_and_no_document_are_errors(tmp_path: Path) -> None:
    script = pip(tmp_path, "false")
    script.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(subprocess.CalledProcessError):
        newest(None, {}, script)
    with pytest.raises(ValueError, match=r"no openapi\.json"):
        document_in(sdist(tmp_path / "other-1.tar.gz", setup_py=""))
