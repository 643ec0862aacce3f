"""Workflows, their runs, announcements, and the API keys.

Paths, parameters, `page_size` maxima and scopes: the API's OpenAPI document.
"""

from __future__ import annotations

from tap_incident.streams.definition import Detail, Privacy, Stream

AUTOMATION: tuple[Stream, ...] = (
    Stream(
        "workflows",
        "/v2/workflows",
        "Workflows in every state: triggers, conditions and steps",
        "workflows.view",
        selected_by_default=False,
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
        selected_by_default=False,
        privacy=Privacy(cut_urls=("progress[].webhook_delivery.endpoint",)),
    ),
    Stream(
        "announcement_rules",
        "/v2/announcement_rules",
        "Rules by which incidents are announced in channels",
        "announcement_rules.view",
        page_size=250,
        selected_by_default=False,
    ),
    Stream(
        "announcement_templates",
        "/v2/announcement_templates",
        "Templates of announcements: fields and buttons",
        "announcement_templates.view",
        selected_by_default=False,
    ),
    Stream(
        "api_keys",
        "/v1/api_keys",
        "API keys that the key in use may see: name, roles and last use, but not the token",
        "api_keys.view",
        page_size=250,
        selected_by_default=False,
    ),
)
