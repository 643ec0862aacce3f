"""`--about` as JSON in the format of the Meltano Singer SDK, as text and as Markdown."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft4Validator

from tap_incident import main
from tap_incident.about import CAPABILITIES, about
from tap_incident.settings import OWN_KEYWORDS, SETTINGS, VERSION, variables
from tap_incident.streams import STREAMS
from tests.support.paths import REPOSITORY


def stdout_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Stdout of a successful run with these arguments, which must log nothing."""
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_about_json_has_the_keys_of_the_meltano_sdk(capsys: pytest.CaptureFixture[str]) -> None:
    # MeltanoHub calls it like this. The config file is not read.
    found = json.loads(stdout_of(capsys, "--about", "--format=json", "--config", "/dev/null/none"))
    keys = "name description version sdk_version supported_python_versions capabilities settings streams"
    assert list(found) == keys.split()
    assert (found["name"], found["version"]) == ("tap-incident", VERSION)
    assert found["supported_python_versions"] == ["3.10", "3.11", "3.12", "3.13", "3.14"]
    assert [stream["name"] for stream in found["streams"]] == [stream.name for stream in STREAMS]


def test_about_settings_schema_is_plain_json_schema_that_accepts_what_the_tap_accepts() -> None:
    settings = about()["settings"]
    Draft4Validator.check_schema(settings)
    sample = json.loads((REPOSITORY / "config.sample.json").read_text())
    valid = Draft4Validator(settings).is_valid
    assert valid(sample | {"api_key": "k"})
    for wrong in ({}, {"api_key": "a b"}, {"api_key": "k", "max_concurrency": 65}):
        assert not valid(wrong)
    for key, setting in SETTINGS["properties"].items():
        found = settings["properties"][key]
        assert not set(OWN_KEYWORDS) & set(found)
        assert all(variable in found["description"] for variable in variables(key))
        assert r"\Z" not in found.get("pattern", "")
        assert found.get("default") == setting.get("default")
    # MeltanoHub and SDKs hide settings with these two keywords in forms and logs.
    hidden = [key for key, each in settings["properties"].items() if each.get("secret") and each.get("writeOnly")]
    assert hidden == ["api_key"]


@pytest.mark.parametrize("arguments", [(), ("--format", "markdown")])
def test_about_text_lists_all_settings_and_streams(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    out = stdout_of(capsys, "--about", *arguments)
    expected = [*SETTINGS["properties"], *(stream.name for stream in STREAMS), *CAPABILITIES, "(required)"]
    for key, setting in SETTINGS["properties"].items():
        expected += [*variables(key), setting["description"]]
    assert [name for name in expected if name not in out] == []
    assert out.startswith("# `tap-incident`\n" if "markdown" in arguments else "Name: tap-incident\n")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--format=json"], "argument --format: only with --about"),
        (["--discover", "--format=json"], "argument --format: only with --about"),
        (["--assumptions"], "argument --assumptions: only with --check"),
        (["--check", "--discover"], "arguments --check, --discover: only one of them"),
        (["--about", "--format=yaml"], "argument --format: invalid choice: 'yaml'"),
    ],
)
def test_option_is_refused_without_the_other_one_or_if_unknown(
    capsys: pytest.CaptureFixture[str], arguments: list[str], error: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert f"tap-incident: error: {error}" in capsys.readouterr().err


def test_about_names_the_texts_that_people_write(capsys: pytest.CaptureFixture[str]) -> None:
    texts = {stream["name"]: stream["texts"] for stream in about()["streams"]}
    assert {"summary", "updates[].message", "creator.api_key.name"} <= set(texts["incidents"])
    assert texts["severities"] == []
    lines = stdout_of(capsys, "--about").partition("exclude_personal_data does not change")[2].splitlines()
    assert "  - incident_updates: message, updater" in lines
    assert not [line for line in lines if "severities" in line]
