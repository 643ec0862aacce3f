"""The definition for Meltano: valid by the schema of its hub, with defaults that change nothing."""

from __future__ import annotations

import json

from jsonschema import Draft4Validator

from tap_incident.config import load
from tests.support.paths import REPOSITORY
from tools.hub import definition

SCHEMA = json.loads((REPOSITORY / "tests/docs/data/hub_extractor.schema.json").read_text("utf-8"))


def test_definition_is_valid_by_the_schema_of_the_hub() -> None:
    assert list(Draft4Validator(SCHEMA).iter_errors(definition())) == []


def test_definition_has_defaults_that_the_tap_takes_and_that_change_nothing() -> None:
    values = {setting["name"]: setting["value"] for setting in definition()["settings"] if "value" in setting}
    key = ("key.json", '{"api_key": "k"}')
    assert load([key, ("values.json", json.dumps(values))], {}) == load([key], {})
    assert not values.keys() & {"user_agent", "endpoint"}, "one changes with each release, one hides the environment"
