"""The organisation that is loaded: the stand-in's own, and rows of values that loaders are known to change or lose."""

from __future__ import annotations

from copy import deepcopy

from tap_incident.streams import BY_NAME
from tests.fake_api import Organisation, organisation
from tests.support.runs import Json, there

INCIDENTS = 40
# The API is written in Go, whose unset moment this is.
ZERO_TIME = "0001-01-01T00:00:00Z"
# One more than a double counts to without gaps, on both sides of zero, and the ends of 64 bits.
INTEGERS = (2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63), 0)
# The largest and the smallest, an integer that is no double, and what rounding in decimal or binary changes.
NUMBERS = (1.7976931348623157e308, 5e-324, 2**53 + 1, 0.1 + 0.2, 1e22, -1e-07, 123456789.12345679, 0)
# All but NUL, which PostgreSQL can't store.
TEXTS = (
    "",
    "line\nfeed, carriage\r\nreturn, \ttab",
    "a newline written out: \\n, and a backslash \\",
    'quotes: " \' ` "" \'\' \\"',
    ",;|$1 %s {} = leading and trailing,",
    "=1+1",
    "NULL",
    "\\N",
    "\\.",
    "control \x01 \x1f \x7f, separators \u2028 \u2029, byte order mark \ufeff",
    "𝒻𝑜𝓊𝓇 bytes, e\u0301 and é, \u202eright to left\u202c",
    "true",
    "0012",
    "2024-01-01T00:00:00Z",
    '{"looks": "like json"}',
    "x" * 70_000,
)
FREE_MAP: Json = {
    "": "no name",
    "Key": 1,
    "key": 2,
    'quote " backslash \\ newline \n': ["\\n", "\n", '"'],
    "søppe 🍲": {"": None, "deep": [[], {}, [None, {"deeper": 2**53 + 1}]]},
    "numbers": [0.1 + 0.2, 1e22, -1e-07, 2**63 - 1],
    "texts": list(TEXTS[:-1]),
    "k" * 300: None,
}


def _moments(digits: int) -> Json:
    """Timestamps with so many fractional digits: `created_at` in UTC and `updated_at` in another zone, rounding up."""
    fraction, nines = (f".{text[:digits]}" if digits else "" for text in ("123456789", "999999999"))
    return {
        "created_at": f"2024-03-10T23:59:58{fraction}Z",
        "updated_at": f"2024-02-29T23:59:59{nines}-05:30",
        "completed_at": ZERO_TIME,
    }


def _workload(place: int) -> Json:
    kinds = ("late", "sleeping", "total", "working")
    return {f"workload_minutes_{kind}": NUMBERS[(place + step) % len(NUMBERS)] for step, kind in enumerate(kinds)}


HARD: dict[str, list[Json]] = {
    "actions": [_moments(digits) for digits in range(10)],
    "incident_roles": [{"name": "Hard", "description": text, "instructions": text} for text in TEXTS],
    "severities": [{"rank": rank} for rank in INTEGERS],
    "incidents": [{"mode": "standard", **_workload(place)} for place in range(len(NUMBERS))],
    "catalog_entries": [{"name": text, "attribute_values": FREE_MAP} for text in TEXTS],
    "schedules": [{"annotations": FREE_MAP}, {"annotations": {}}, {"annotations": None}],
}
"""What the rows that are planted have of their own, by stream."""


def hard_id(stream: str, place: int) -> str:
    """The id of the row that has `HARD[stream][place]`; sorts after the stand-in's own."""
    return f"Z{stream.upper()}{place:03d}"


def hard_organisation() -> Organisation:
    """The stand-in's organisation with the rows of `HARD` beside its own."""
    org = organisation(INCIDENTS)
    for stream, hard in HARD.items():
        # Of the last row that is read at all: lists are asked for oldest first, and some belong to test incidents.
        model = there(org, stream)[-1]
        org.rows[BY_NAME[stream].path] += [
            deepcopy(model) | {"id": hard_id(stream, place)} | row for place, row in enumerate(hard)
        ]
    return org
