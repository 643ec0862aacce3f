"""Why no stream reads the other operations of the API: the last table of docs/streams.md.

A new operation that is neither a stream's nor a row of a list needs a line here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tap_incident.streams import STREAMS, Stream
from tools.openapi import Json

REASONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "No: what the key in use may do is no data of the organisation. A run asks for it once and logs it.",
        ("/v1/identity",),
    ),
    ("Never: from where the organisation can be reached is for those who guard it.", ("/v1/ip_allowlists",)),
    ("No: the addresses of incident.io itself.", ("/v1/ip_ranges",)),
    ("No: the API's description of itself.", ("/v1/openapiV3.json",)),
    (
        "No: the same routes as `/v3/alert_routes`, which is read, in the form of before.",
        ("/v2/alert_routes", "/v2/alert_routes/{id}"),
    ),
    ("Never: people's telephone numbers.", ("/v2/call_routes/{call_route_id}/allowed_callers",)),
    ("No: each row of `call_routes` has its options.", ("/v2/call_routes/{call_route_id}/options",)),
    (
        "Never: what people said in calls, word for word. A copy would outlive the setting by which an organisation "
        "hides it.",
        ("/v2/call_transcript_entries",),
    ),
    (
        "Never: it reads nothing. Calling it reports that a monitored job is well.",
        ("/v2/heartbeat/{alert_source_config_id}/ping",),
    ),
    ("No: each row of `pay_configs` has its rules.", ("/v2/pay_configs/{pay_config_id}/",)),
    ("No: a file in CSV, not JSON: what each person earned.", ("/v2/pay_reports/{id}/download",)),
    (
        "Never: values are not in it, but the last four characters of each are, and where to look for the rest.",
        ("/v2/secrets",),
    ),
    (
        "No: one number for a span of time that the request must name, and a request for each component of each page.",
        ("/v2/status_pages/{status_page_id}/components/{component_id}/availability",),
    ),
    ("Never: people's telephone numbers and addresses.", ("/v2/users/{user_id}/notification_methods",)),
    (
        "Never: how each person wishes to be woken is private.",
        ("/v2/users/{user_id}/notification_rules", "/v2/users/{user_id}/paging_provider"),
    ),
    (
        "Never: headers and bodies of what webhooks sent and got, which the API itself deletes after seven days.",
        ("/v2/workflow_runs/{id}",),
    ),
    (
        "No: beside the list it has the parameters of each step, among them headers of webhooks.",
        ("/v2/workflows/{id}",),
    ),
    (
        "No: conditions and templates of one route, a request for each. The list has what `incident_alerts` leads to.",
        ("/v3/alert_routes/{id}",),
    ),
)
"""Reason, and the starts of the paths that it is for."""
BY_RULE = {
    "deprecated": "No: given up by the API, or about to be. Their successors are read.",
    "one row of a list": "No: one row by its id. The list has it.",
}
"""Reason by what the facts say of operations that they leave out."""


def unread(facts: Json, streams: Sequence[Stream] = STREAMS) -> Iterator[tuple[str, list[str]]]:
    """(reason, paths) for all operations that no stream reads. Raises ValueError if a path has no reason."""
    read = {stream.path for stream in streams}
    by_reason: dict[str, list[str]] = {}
    for path in sorted({*facts["endpoints"], *facts["left_out"]} - read):
        by_reason.setdefault(_reason(path, facts["left_out"].get(path, "")), []).append(path)
    yield from by_reason.items()


def _reason(path: str, rule: str) -> str:
    found = next((reason for reason, starts in REASONS if path.startswith(starts)), BY_RULE.get(rule))
    if found is None:
        raise ValueError(f"no stream reads {path}: add a stream, or say in tools/unread.py why there is none")
    return found


def unread_table(facts: Json) -> str:
    """The table in Markdown."""
    rows = (f"| {', '.join(f'`{path}`' for path in paths)} | {reason} |" for reason, paths in unread(facts))
    return "\n".join(["| endpoint | decision |", "| --- | --- |", *rows])
