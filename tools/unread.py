"""Why no stream reads the other operations of the API: the last table of docs/streams.md.

A new operation that is neither a stream's nor a row of a list needs a line here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tap_incident.streams import STREAMS

Json = dict[str, Any]

REASONS: Mapping[str, tuple[str, ...]] = {
    "Never: these addresses are a part of the organisation's security.": ("/v1/ip_allowlists",),
    "Never: people's telephone numbers.": ("/v2/call_routes/{call_route_id}/allowed_callers",),
    "Never: it has every word of a call. An organisation can hide transcripts in incident.io, but not in a copy.": (
        "/v2/call_transcript_entries",
    ),
    "Never: a request to it reports that a monitored job works.": ("/v2/heartbeat/{alert_source_config_id}/ping",),
    "Never: it has the last four characters of each secret.": ("/v2/secrets",),
    "Never: people's telephone numbers and addresses.": ("/v2/users/{user_id}/notification_methods",),
    "Never: it is private how a person wants to be called.": (
        "/v2/users/{user_id}/notification_rules",
        "/v2/users/{user_id}/paging_provider",
    ),
    "Never: it has the headers and bodies of webhooks. The API deletes them after seven days.": (
        "/v2/workflow_runs/{id}",
    ),
    "No: it describes the API key. Each run reads it once and logs it.": ("/v1/identity",),
    "No: the addresses of incident.io itself.": ("/v1/ip_ranges",),
    "No: the API's description of itself.": ("/v1/openapiV3.json",),
    "No: `/v3/alert_routes` has the same routes, and is read.": ("/v2/alert_routes",),
    "No: each row of `call_routes` has its options.": ("/v2/call_routes/{call_route_id}/options",),
    "No: each row of `pay_configs` has its rules.": (
        "/v2/pay_configs/{pay_config_id}/one_off_rules",
        "/v2/pay_configs/{pay_config_id}/weekly_rules",
    ),
    "No: it is a CSV file. It has the pay of each person.": ("/v2/pay_reports/{id}/download",),
    "No: one number for a time span that the request must name. It needs one request per component and page.": (
        "/v2/status_pages/{status_page_id}/components/{component_id}/availability",
    ),
}
"""The paths that each reason is for, also with the id of a row behind them."""
BY_RULE = {
    "deprecated": "No: deprecated. The tap reads the newer versions.",
    "one row of a list": "No: one row by its id. The list has the same row.",
}
"""Reason by what the facts say of operations that they leave out."""
_BY_PATH = {path: reason for reason, paths in REASONS.items() for path in paths}


def reason_of(path: str) -> str:
    """Why a path is not read; empty if it has no reason of its own. The facts have nothing of what is never read."""
    return _BY_PATH.get(path) or _BY_PATH.get(path.removesuffix("/{id}"), "")


def unread(facts: Json) -> dict[str, list[str]]:
    """By reason, all operations that no stream reads. Raises ValueError if a path has no reason."""
    read = {path for stream in STREAMS for path in (stream.path, stream.detail.path if stream.detail else "")}
    by_reason: dict[str, list[str]] = {}
    for path in sorted({*facts["endpoints"], *facts["left_out"]} - read):
        reason = reason_of(path) or BY_RULE.get(facts["left_out"].get(path, ""))
        if reason is None:
            raise ValueError(f"no stream reads {path}: add a stream, or say in tools/unread.py why there is none")
        by_reason.setdefault(reason, []).append(path)
    return by_reason


def unread_table(facts: Json) -> str:
    """The table in Markdown."""
    rows = (f"| {', '.join(f'`{path}`' for path in paths)} | {reason} |" for reason, paths in unread(facts).items())
    return "\n".join(["| endpoint | decision |", "| --- | --- |", *rows])
