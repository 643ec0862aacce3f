"""Names of tables and columns: those that Snowflake and BigQuery refuse, and those that need quotes there."""

from __future__ import annotations

import re

import pytest

from tap_incident.protocol.schemas import schema
from tap_incident.streams import STREAMS, Stream
from tests.support.each import EACH_STREAM
from tests.support.paths import REPOSITORY
from tests.unit.protocol.catalogs import places

# Letters, digits and underscores without a digit in front need no quotes in any of them; PostgreSQL cuts at 63.
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
# BigQuery keeps these beginnings for itself, and change data capture these two names; loaders add columns _sdc_...
TAKEN = re.compile(r"_table_|_file_|_partition|_row_timestamp|__root__|_colidentifier|_change_|_sdc_", re.IGNORECASE)
DEEPEST = 15
"""Levels of records in records that BigQuery has."""


@EACH_STREAM
def test_names_are_allowed_in_snowflake_and_bigquery(stream: Stream) -> None:
    assert NAME.fullmatch(stream.name)
    for path, part in places(schema(stream)):
        names = list(part.get("properties", ()))
        assert not names or len([step for step in path if step != "[]"]) <= DEEPEST, path
        assert len({name.lower() for name in names}) == len(names), path
        assert not [name for name in names if TAKEN.match(name) or not NAME.fullmatch(name)], path


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
