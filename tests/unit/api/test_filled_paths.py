"""Ids in a path: percent-encoded, and refused where no path can hold them."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from tap_incident.api.transport import filled
from tap_incident.errors import BadData

PATH = "/v2/schedules/{schedule_id}/replicas"
REQUEST = f"schedule_replicas: GET {PATH}"


@given(st.text(min_size=1).filter(lambda text: text not in (".", "..") and text.isprintable()))
def test_any_id_arrives_as_it_was(text: str) -> None:
    path, _ = filled(REQUEST, PATH, (("schedule_id", text),))
    sent = requests.Request("GET", f"http://127.0.0.1{path}").prepare().url
    start, version, schedules, found, end = urlsplit(str(sent)).path.split("/")
    assert (start, version, schedules, end) == ("", "v2", "schedules", "replicas")
    assert unquote(found) == text


@pytest.mark.parametrize("value", ["", ".", "..", None])
def test_id_that_would_lead_to_another_path_is_bad_data(value: str | None) -> None:
    params = () if value is None else (("schedule_id", value),)
    with pytest.raises(BadData, match=r"^schedule_replicas: GET .*: an id from the API can't be part of a path"):
        filled(REQUEST, PATH, params)
