"""The definition for Meltano: made from the settings, up to date, and valid by the schema of Meltano's hub."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from tap_incident.config import load
from tap_incident.settings import SETTINGS
from tap_incident.streams import STREAMS
from tests.support.paths import REPOSITORY
from tools.docs import EXAMPLE
from tools.hub import definition
from tools.yaml_text import yaml_text

SCHEMA = json.loads((REPOSITORY / "tests/docs/data/hub_extractor.schema.json").read_text("utf-8"))
BY_SETTING = {setting["name"]: setting for setting in definition()["settings"]}


def test_definition_is_valid_by_the_schema_of_the_hub() -> None:
    Draft4Validator.check_schema(SCHEMA)
    assert list(Draft4Validator(SCHEMA).iter_errors(definition())) == []


@pytest.mark.parametrize(
    "change",
    [{"capabilities": ["guess"]}, {"settings": [{"label": "x"}]}, {"settings": [{"name": "x", "kind": "text"}]}],
)
def test_schema_of_the_hub_refuses_what_the_hub_does_not_know(change: dict[str, Any]) -> None:
    assert not Draft4Validator(SCHEMA).is_valid({**definition(), **change})
    assert not Draft4Validator(SCHEMA).is_valid({**definition(), "unknown": 1})


def test_definition_has_every_setting_with_a_label_and_what_it_is() -> None:
    assert list(BY_SETTING) == list(SETTINGS["properties"])
    for name, setting in SETTINGS["properties"].items():
        found = BY_SETTING[name]
        assert (found["label"], found["description"]) == (setting["title"], setting["description"])
        assert [option["value"] for option in found.get("options", ())] == setting.get("enum", [])
        assert found.get("sensitive", False) == setting.get("secret", False)


def test_definition_has_defaults_that_the_tap_takes_and_that_change_nothing() -> None:
    values = {name: found["value"] for name, found in BY_SETTING.items() if "value" in found}
    assert load(json.dumps({"api_key": "k", **values}), {}) == load('{"api_key": "k"}', {})
    assert not values.keys() & {"user_agent", "endpoint"}, "one changes with each release, one hides the environment"


def test_definition_selects_the_default_streams() -> None:
    assert definition()["select"] == [f"{stream.name}.*" for stream in STREAMS if stream.selected_by_default]


def test_example_has_the_same_settings() -> None:
    assert yaml_text(definition()["settings"], indent=8) in EXAMPLE.read_text("utf-8")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": "plain text", "b": 1, "c": True, "d": [1, "x"]}, "a: plain text\nb: 1\nc: true\nd: [1, x]"),
        ({"a": "true", "b": "*", "c": "a: b", "d": "1", "e": ""}, 'a: "true"\nb: "*"\nc: "a: b"\nd: "1"\ne: ""'),
        ({"a": [{"b": 1, "c": ["x"]}, {"b": 2}]}, "a:\n  - b: 1\n    c: [x]\n  - b: 2"),
        ({"a": {"b": "x"}}, "a:\n  b: x"),
        ({"a": "word " * 30 + "end"}, "a: >-\n  " + " ".join(["word"] * 21) + "\n  " + " ".join(["word"] * 9) + " end"),
        ({"a": ["x" * 60, "y" * 60]}, f"a:\n  - {'x' * 60}\n  - {'y' * 60}"),
    ],
)
def test_yaml_is_as_people_write_it(value: Any, text: str) -> None:
    assert yaml_text(value) == text


@given(st.text(max_size=80))
def test_yaml_of_a_text_is_plain_only_if_nothing_in_it_has_a_meaning(text: str) -> None:
    written = yaml_text([text]).removeprefix("- ")
    assert written == json.dumps(text, ensure_ascii=False) or (written == text and text[0].isalpha())
    assert not {":", "#", '"', "'", "[", "{", "\n"} & set(written) or written.startswith('"')
