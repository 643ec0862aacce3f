"""Names of tables and columns: those that Snowflake and BigQuery refuse, and those that need quotes there."""

from __future__ import annotations

import re

import pytest

from tap_incident.protocol.schemas import schema
from tap_incident.streams import STREAMS, Stream
from tests.support.each import EACH_STREAM
from tests.support.paths import REPOSITORY
from tests.support.runs import Json

# Letters, digits and underscores without a digit in front need no quotes in any of them; PostgreSQL cuts at 63.
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
# BigQuery keeps these beginnings for itself, and change data capture these two names; loaders add columns _sdc_...
TAKEN = re.compile(r"_table_|_file_|_partition|_row_timestamp|__root__|_colidentifier|_change_|_sdc_", re.IGNORECASE)
DEEPEST = 15
"""Levels of records in records that BigQuery has."""


def found_wrong(part: Json, path: str, depth: int = 0) -> list[str]:
    """In words, what is wrong with the names inside a schema, at every depth, and with its depth."""
    if "items" in part:
        return found_wrong(part["items"], path, depth)
    properties = part.get("properties", {})
    wrong = [f"{path} is too deep"] if properties and depth > DEEPEST else []
    if len({name.lower() for name in properties}) < len(properties):
        wrong.append(f"{path} has names that differ by case only")
    for name, inner in properties.items():
        if not NAME.fullmatch(name) or TAKEN.match(name):
            wrong.append(f"{path}.{name} is no name")
        wrong += found_wrong(inner, f"{path}.{name}", depth + 1)
    return wrong


@EACH_STREAM
def test_names_are_allowed_in_snowflake_and_bigquery(stream: Stream) -> None:
    assert NAME.fullmatch(stream.name)
    assert found_wrong(schema(stream), stream.name) == []


@pytest.mark.parametrize(
    "name", ["a-b", "1st", "Größe", "", "a" * 64, "_TABLE_SUFFIX", "_partitiontime", "_sdc_batched_at"]
)
def test_a_name_that_is_not_allowed_is_seen_at_any_depth(name: str) -> None:
    inner = {"type": ["array"], "items": {"type": ["object"], "properties": {name: {"type": ["string"]}}}}
    assert found_wrong({"properties": {"a": inner}}, "s") == [f"s.a.{name} is no name"]


def test_names_that_differ_by_case_and_records_that_are_too_deep_are_seen() -> None:
    deep: Json = {"properties": {"A": {}, "a": {}}}
    assert found_wrong(deep, "s") == ["s has names that differ by case only"]
    for _ in range(DEEPEST + 1):
        deep = {"properties": {"b": deep}}
    assert "is too deep" in found_wrong(deep, "s")[0]


# Of the words that each warehouse reserves, those that a name of the API is likely to be.
RESERVED = {
    "Snowflake": "account all check column connection current following grant group issue order organization regexp "
    "row rows sample schema start table trigger update values view when",
    "BigQuery": "all array current default define desc end exclude group groups hash interval limit lookup merge new "
    "order partition proto qualify range rows set to when window",
    "Redshift": "all array check column default desc end group identity interval limit new offset open order partition "
    "percent permissions primary raw snapshot system table tag timestamp top type user verbose wallet when",
    "Databricks": "all check column end filter group order primary table time user when",
}


@pytest.mark.parametrize("warehouse", RESERVED)
def test_the_page_says_which_columns_need_quotes(warehouse: str) -> None:
    page = (REPOSITORY / "docs" / "guides" / "warehouses.md").read_text("utf-8")
    (row,) = re.findall(rf"^\| {warehouse} \| (`.*`) \|", page, re.MULTILINE)
    words = RESERVED[warehouse].split()
    reserved = {f"{stream.name}.{name}" for stream in STREAMS for name in schema(stream)["properties"] if name in words}
    assert set(re.findall(r"`([^`]+)`", row)) == reserved
    assert not {stream.name for stream in STREAMS} & set(words)
