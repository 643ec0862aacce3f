"""Texts that are not valid JSON, in files and in answers."""

from __future__ import annotations

import pytest

from tap_incident.api.body import Unusable, parse_body
from tap_incident.errors import BadData, BadInput
from tap_incident.json_input import parse_file as parse_input


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a": -Infinity}', "1e999", "9" * 5000])
def test_invalid_number_is_refused_in_answers_and_files(text: str) -> None:
    with pytest.raises(Unusable, match=r"GET: the answer can't be read: .{,80}$"):
        parse_body(text.encode())
    with pytest.raises(BadInput, match=r"given\.json: not valid JSON"):
        parse_input(text, "given.json")


def test_json_nested_too_deeply_is_refused() -> None:
    with pytest.raises(BadData, match="too deep"):
        parse_body(b"[" * 100_000)
    with pytest.raises(BadInput, match=r"given\.json: not valid JSON"):
        parse_input("[" * 100_000, "given.json")
