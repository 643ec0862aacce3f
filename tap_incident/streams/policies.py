"""Policies of the organisation, and where they are not met.

Paths, parameters, `page_size` maxima and scopes: the API's OpenAPI document.
"""

from __future__ import annotations

from tap_incident.streams.definition import Stream

POLICIES: tuple[Stream, ...] = (
    Stream(
        "policies",
        "/v2/policies",
        "Policies: what follow-ups, post-mortems, debriefs and schedules must comply with",
        "policies.view",
        page_size=50,
        selected_by_default=False,
    ),
    Stream(
        "policy_findings",
        "/v2/policy_findings",
        "Violations of a policy: what it concerns, who is responsible, when it is due",
        "policies.view",
        page_size=250,
        selected_by_default=False,
    ),
)
