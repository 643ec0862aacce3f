"""Selection: the replication method of each stream, from the setting or from the catalog."""

from __future__ import annotations

from typing import Any

import pytest

from tap_incident.errors import BadInput
from tap_incident.protocol.catalog import discover
from tap_incident.protocol.selection import select
from tap_incident.settings import REPLICATION_METHODS
from tests.support.runs import Json, only
from tests.unit.protocol.catalogs import INCREMENTAL_STREAMS, entry_of, with_replication_method


def replication_keys(catalog: Json | None, method: str = "FULL_TABLE") -> dict[str, str | None]:
    """Replication keys by selected stream."""
    return {name: found.replication_key for name, found in select(catalog, replication_method=method).items()}


@pytest.mark.parametrize("catalog", [None, discover(), discover("INCREMENTAL"), only(*INCREMENTAL_STREAMS, "users")])
def test_replication_method_setting_applies_if_the_catalog_has_none(catalog: Json | None) -> None:
    for method in REPLICATION_METHODS:
        found = replication_keys(catalog, method)
        assert {name for name, key in found.items() if key} == (
            INCREMENTAL_STREAMS if method == "INCREMENTAL" else set()
        )


def test_replication_method_in_the_catalog_only_applies_to_its_stream() -> None:
    catalog = with_replication_method("INCREMENTAL", "alerts", **{"replication-key": "updated_at"})
    assert replication_keys(catalog) == {"alerts": "updated_at"}
    assert replication_keys(with_replication_method("FULL_TABLE", "alerts"), "INCREMENTAL") == {"alerts": None}
    assert replication_keys(with_replication_method(None, "alerts"), "INCREMENTAL") == {"alerts": "updated_at"}


def test_replication_method_incremental_is_an_error_for_a_full_table_stream() -> None:
    with pytest.raises(BadInput, match=r'^mine: "replication-method" of users must be FULL_TABLE$'):
        select({"streams": [entry_of(with_replication_method("INCREMENTAL", "users"), "users")]}, source="mine")
    full_table = {"streams": [entry_of(with_replication_method("FULL_TABLE", "users"), "users")]}
    assert replication_keys(full_table, "INCREMENTAL") == {"users": None}


@pytest.mark.parametrize("method", ["LOG_BASED", "incremental", "", 5, [], {}])
def test_replication_method_that_is_unknown_is_an_error(method: Any) -> None:
    with pytest.raises(BadInput, match='"replication-method" of alerts must be FULL_TABLE or INCREMENTAL'):
        select(with_replication_method(method, "alerts"))


@pytest.mark.parametrize("key", ["created_at", 5, []])
def test_replication_key_that_is_unknown_is_an_error(key: Any) -> None:
    with pytest.raises(BadInput, match='"replication-key" of alerts must be updated_at'):
        select(with_replication_method("INCREMENTAL", "alerts", **{"replication-key": key}))
