"""Any text in any header and any value in any body: an answer, or an error of a known kind."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tap_incident.api.answers import fail, page
from tap_incident.errors import BadData, TapError
from tap_incident.streams import BY_NAME

ANY_TEXT = st.text(st.characters() | st.characters(categories=["Cs"]), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(ANY_TEXT, inner, max_size=2),
    max_leaves=4,
)
ERRORS = st.lists(st.dictionaries(st.sampled_from(["code", "message", "source", "metadata"]), JSON, max_size=3) | JSON)
BODIES = st.dictionaries(st.sampled_from(["type", "request_id", "rate_limit"]), JSON) | st.fixed_dictionaries(
    {}, optional={"type": JSON, "errors": ERRORS | JSON}
)


@given(BODIES | JSON, st.integers(100, 999).filter(lambda status: status != 200))
@example({"errors": [{"code": "\ud800", "message": "\udfff", "metadata": {"scope": "\ud800"}}]}, 403)
def test_any_error_body_gives_an_error_of_a_known_kind(body: Any, status: int) -> None:
    with pytest.raises(TapError) as caught:
        fail("GET /v2/users", status, {}, body)
    assert len(str(caught.value).splitlines()) == 1


@given(JSON, JSON | st.fixed_dictionaries({"after": JSON}), st.sampled_from(["users", "schedule_entries", "alerts"]))
def test_any_page_is_a_page_or_bad_data(rows: Any, meta: Any, name: str) -> None:
    try:
        found = page({name: rows, "pagination_meta": meta}, BY_NAME[name])
    except BadData as error:
        assert str(error).startswith(f"{name}: ")
    else:
        assert all(isinstance(row, dict) for row in found.rows)
        assert found.after is None or (found.after and found.after.encode())
