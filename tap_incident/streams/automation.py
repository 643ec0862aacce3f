"""Workflows, their runs, announcements, the API keys, and policies with what does not meet them."""

from __future__ import annotations

from tap_incident.streams.definition import Detail, Privacy, Stream

AUTOMATION: tuple[Stream, ...] = (
    Stream(
        "workflows",
        "/v2/workflows",
        "Workflows in every state: triggers, conditions and steps",
        "workflows.view",
        detail=Detail("/v2/workflows/{id}", "workflow", ("form_fields", "steps"), beside=("management_meta",)),
        # Headers and bodies of webhooks.
        privacy=Privacy(withheld=("steps[].param_bindings",)),
    ),
    Stream(
        "workflow_runs",
        "/v2/workflow_runs",
        "Workflow runs, with the result of each step",
        "workflows.view",
        page_size=50,
        filters_created_at=True,
        # The URL as it was called, with secrets in it. For a chat's webhook, the path is the credential.
        privacy=Privacy(cut_urls=("progress[].webhook_delivery.endpoint",)),
    ),
    Stream(
        "announcement_rules",
        "/v2/announcement_rules",
        "Rules by which incidents are announced in channels",
        "announcement_rules.view",
        page_size=250,
    ),
    Stream(
        "announcement_templates",
        "/v2/announcement_templates",
        "Templates of announcements: fields and buttons",
        "announcement_templates.view",
    ),
    Stream(
        "api_keys",
        "/v1/api_keys",
        "API keys that the key in use may see: name, roles and last use, but not the token",
        "api_keys.view",
        page_size=250,
    ),
    Stream(
        "policies",
        "/v2/policies",
        "Policies: what follow-ups, post-mortems, debriefs and schedules must comply with",
        "policies.view",
        page_size=50,
    ),
    Stream(
        "policy_findings",
        "/v2/policy_findings",
        "Violations of a policy: what it concerns, who is responsible, when it is due",
        "policies.view",
        page_size=250,
    ),
)
