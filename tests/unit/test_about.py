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
    description = json.loads(stdout_of(capsys, "--about", "--format=json", "--config", "/dev/null/none"))
    assert description == about()
    expected = [
        "name",
        "description",
        "version",
        "sdk_version",
        "supported_python_versions",
        "capabilities",
        "settings",
    ]
    assert list(description)[:7] == expected
    assert (description["name"], description["version"]) == ("tap-incident", VERSION)
    assert description["supported_python_versions"] == ["3.10", "3.11", "3.12", "3.13", "3.14"]
    assert [stream["name"] for stream in description["streams"]] == [stream.name for stream in STREAMS]


def test_about_settings_schema_accepts_what_the_tap_accepts() -> None:
    settings = about()["settings"]
    Draft4Validator.check_schema(settings)
    sample = json.loads((REPOSITORY / "config.sample.json").read_text())
    valid = Draft4Validator(settings).is_valid
    assert valid(sample | {"api_key": "k"})
    for wrong in ({}, {"api_key": "a b"}, {"api_key": "k", "max_concurrency": 65}):
        assert not valid(wrong)


def test_about_settings_schema_is_plain_json_schema_and_names_the_variables() -> None:
    properties = about()["settings"]["properties"]
    assert list(properties) == list(SETTINGS["properties"])
    for key, setting in SETTINGS["properties"].items():
        assert not set(OWN_KEYWORDS) & set(properties[key])
        assert all(variable in properties[key]["description"] for variable in variables(key))
        assert properties[key].get("default") == setting.get("default")
        assert properties[key].get("type") == setting["type"]
        assert r"\Z" not in properties[key].get("pattern", "")
    # MeltanoHub and SDKs hide settings with these two keywords in forms and logs.
    hidden = [key for key, setting in properties.items() if setting.get("secret") and setting.get("writeOnly")]
    assert hidden == ["api_key"]


@pytest.mark.parametrize("arguments", [(), ("--format", "markdown")])
def test_about_text_lists_all_settings_and_streams(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    out = stdout_of(capsys, "--about", *arguments)
    expected = [
        *SETTINGS["properties"],
        *(stream.name for stream in STREAMS),
        *CAPABILITIES,
        *(variable for key in SETTINGS["properties"] for variable in variables(key)),
        *(setting["description"] for setting in SETTINGS["properties"].values()),
        "(required)",
    ]
    assert [name for name in expected if name not in out] == []
    assert out.startswith("# `tap-incident`\n" if "markdown" in arguments else "Name: tap-incident\n")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--format=json"], "argument --format: only with --about"),
        (["--discover", "--format=json"], "argument --format: only with --about"),
        (["--assumptions"], "argument --assumptions: only with --check"),
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
