"""Input at the edges of what JSON, dates and numbers can be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tap_incident import config as configs
from tap_incident.api.answers import RateLimited, fail, page, parse_body
from tap_incident.errors import BadData, BadInput, MissingPermission, Rejected
from tap_incident.json_input import parse_file as parse_input
from tap_incident.protocol.catalog import discover
from tap_incident.protocol.records import shaper
from tap_incident.protocol.schemas import schema
from tap_incident.protocol.selection import Selected, select
from tap_incident.streams import BY_NAME
from tests.conftest import Tap
from tests.fake_api import FakeApi, organisation
from tests.support.runs import check, only, set_field

ENVIRON = {"INCIDENT_API_KEY": "k"}


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a": -Infinity}', "1e999", "9" * 5000, "{", ""])
def test_what_is_no_json_is_refused_wherever_it_comes_from(text: str) -> None:
    assert parse_body(text.encode()) is None
    with pytest.raises(BadInput, match=r"given\.json: not valid JSON"):
        parse_input(text, "given.json")


def test_what_is_nested_without_end_is_refused_at_once() -> None:
    with pytest.raises(BadData, match="too deep"):
        parse_body(b"[" * 100_000)
    with pytest.raises(BadInput, match=r"given\.json: not valid JSON"):
        parse_input("[" * 100_000, "given.json")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("max_concurrency", "9" * 5000),
        ("request_timeout", "9" * 400 + ".0"),
        ("request_timeout", 10**10),
        ("requests_per_minute", 10**19),
        ("user_agent", "abc\n"),
        ("endpoint", "https://h?"),
        ("endpoint", "https://h#"),
        ("endpoint", "\x00https://h"),
        ("endpoint", "https://:secret@h"),
    ],
)
def test_a_setting_beyond_all_use_is_named(key: str, value: Any) -> None:
    with pytest.raises(BadInput, match=f"config: {key} must be"):
        configs.load(json.dumps({key: value}), ENVIRON)


@pytest.mark.parametrize("value", ["-5", "30.", "1 2", "tomorrow", "0x10"])
def test_a_retry_after_that_is_no_time_names_none(value: str) -> None:
    with pytest.raises(RateLimited) as limited:
        fail("GET /x", 429, {"Retry-After": value, "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, {})
    assert limited.value.retry_after is None


def test_a_long_message_leaves_the_request_id() -> None:
    body = {"errors": [{"code": "c", "message": "m" * 5000}], "request_id": "req-1"}
    with pytest.raises(Rejected, match=r"request_id req-1$") as rejected:
        fail("GET /x", 422, {}, body)
    assert len(str(rejected.value)) < 700


def test_the_missing_scope_is_found_beside_other_errors() -> None:
    body = {"errors": [{"metadata": {"scope": "users.view"}}, {"metadata": {}}, {}]}
    with pytest.raises(MissingPermission) as missing:
        fail("GET /x", 403, {}, body)
    assert missing.value.scope == "users.view"
    assert ", ," not in str(missing.value)


def test_pages_that_can_not_be_told_are_no_end() -> None:
    with pytest.raises(BadData, match="pagination_meta"):
        page({"alerts": [], "pagination_meta": "more"}, BY_NAME["alerts"])


@pytest.mark.parametrize("properties", [5, True, "name", ["name"], None])
def test_a_catalog_whose_properties_are_no_object_lists_none(properties: Any) -> None:
    catalog = only("severities")
    next(e for e in catalog["streams"] if e["stream"] == "severities")["schema"]["properties"] = properties
    assert select(catalog)["severities"].schema == schema(BY_NAME["severities"])


@pytest.mark.parametrize("value", ["1e-400", "9007199254740993.0", "0.1234567890123456789", "007", "1e999", "nan", ""])
def test_a_text_is_no_number_if_something_of_it_would_be_lost(value: str) -> None:
    stream = BY_NAME["severities"]
    document = schema(stream)
    document["properties"]["rank"] = {"type": ["null", "number"]}
    with pytest.raises(BadData, match="rank should be of type number"):
        shaper(Selected(stream, document), document, lambda _: None)({"id": "1", "rank": value})


def test_a_row_is_told_by_its_id_also_where_that_is_a_number() -> None:
    stream = BY_NAME["severities"]
    document = schema(stream)
    with pytest.raises(BadData, match="row 5: rank"):
        shaper(Selected(stream, document), document, lambda _: None)({"id": 5, "rank": []})


def test_nested_rows_may_lack_what_rows_of_their_own_may_not(tap: Tap) -> None:
    org = organisation(5)
    org.rows["/v1/incident_attachments"][0]["id"] = None
    catalog = set_field(only("incidents"), "incidents", "properties", "updates", selected=False)
    with FakeApi(org) as fake:
        run = tap(fake, catalog=catalog)
    assert run.code == 0
    check(run)
    assert any(part["id"] is None for record in run.records("incidents") for part in record["attachments"])
    assert {"null"} <= set(nested("id")["type"])
    assert "null" not in schema(BY_NAME["incident_attachments"])["properties"]["id"]["type"]


def nested(name: str) -> Any:
    """A property of the attachments in incidents."""
    entry = next(e for e in discover()["streams"] if e["stream"] == "incidents")
    return entry["schema"]["properties"]["attachments"]["items"]["properties"][name]
