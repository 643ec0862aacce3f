"""On-call: escalations, their paths, calls, pauses, schedules, and what people are paid for being on call."""

from __future__ import annotations

from tap_incident.streams.definition import ROW_ID, Answer, Params, Parent, Privacy, Stream

_OF_SCHEDULE: Params = (("schedule_id", "id"),)

ON_CALL: tuple[Stream, ...] = (
    Stream(
        "escalations",
        "/v2/escalations",
        "Escalations: who was paged when, for which alerts and incidents",
        "escalations.view",
        page_size=50,
        filters_created_at=True,
        replication_key="updated_at",
        filters_by_day=True,
    ),
    Stream(
        "escalation_paths",
        "/v2/escalation_paths",
        "Escalation paths: who is paged, in which order and on which conditions",
        "escalation_paths.view",
        page_size=25,
    ),
    Stream(
        "escalation_path_templates",
        "/v2/escalation_path_templates",
        "Templates of escalation paths, with the parameters that a path fills in",
        "escalation_path_templates.view",
        page_size=25,
    ),
    Stream(
        "call_routes",
        "/v2/call_routes",
        "Telephone numbers that people can call, and whom each call reaches",
        "call_routes.view",
        page_size=250,
        privacy=Privacy(withheld=("allowed_callers",)),
    ),
    Stream(
        "on_call_notification_pauses",
        "/v2/on_call_notification_pauses",
        "Past and coming times in which a person is not paged",
        "notification_pauses.view",
        page_size=250,
        # Without a start, the API leaves out pauses that have ended. incident.io is younger than this start.
        params=(("from", "2020-01-01T00:00:00Z"),),
    ),
    Stream(
        "schedules",
        "/v2/schedules",
        "On-call schedules with rotations, current and next shifts",
        "schedules.view",
        page_size=25,  # With larger pages the API leaves out next_shifts.
    ),
    Stream(
        "schedule_entries",
        "/v2/schedule_entries",
        "Shifts of a schedule around the time of the run: scheduled, overrides, and final",
        "schedules.view",
        (ROW_ID,),
        parent=Parent("schedules", _OF_SCHEDULE, added_columns=(("schedule_id", "schedule_id"),)),
        window=("entry_window_start", "entry_window_end"),
        answer=Answer(
            list_column="entry_type",
            # entry_id and fingerprint can be missing, and one shift can be in two lists with the same ids. Without
            # layer_id: the API no longer documents it, and the row_id must not change when it is no longer sent.
            row_id_from=(
                *("schedule_id", "entry_type", "entry_id", "fingerprint", "rotation_id"),
                *("user.id", "start_at", "end_at"),
            ),
        ),
    ),
    Stream(
        "schedule_overrides",
        "/v2/schedule_overrides",
        "Overrides of a schedule: who takes over a shift",
        "schedules.view",
        page_size=250,
        parent=Parent("schedules", _OF_SCHEDULE),
        answer=Answer(key="overrides"),
    ),
    Stream(
        "schedule_replicas",
        "/v2/schedules/{schedule_id}/replicas",
        "Copies of a schedule in another tool, and the result of the last update",
        "schedules.view",
        parent=Parent("schedules", _OF_SCHEDULE),
    ),
    Stream(
        "schedule_sync_targets",
        "/v2/schedule_sync_targets",
        "User groups in Slack that schedules keep up to date",
        "schedules.view",
        page_size=250,
    ),
    Stream(
        "schedule_sync_rules",
        "/v2/schedules/{schedule_id}/sync_rules",
        "Rules by which a schedule keeps a user group in Slack up to date",
        "schedules.view",
        page_size=250,
        parent=Parent("schedules", _OF_SCHEDULE),
    ),
    Stream(
        "pay_configs",
        "/v2/pay_configs",
        "Rates of pay for being on call, by time of the week and for special days",
        "schedule_pay_configs.view",
        page_size=250,
    ),
    Stream(
        "pay_reports",
        "/v2/pay_reports",
        "Complete pay reports: days, schedules, hours, and pay per currency",
        "schedule_reports.view",
        page_size=50,
    ),
)
