"""On-call: escalations, escalation paths and schedules.

Paths, parameters, `page_size` maxima and scopes are those of the API's OpenAPI document.
"""

from __future__ import annotations

from tap_incident.streams.definition import ROW_ID, Answer, Incremental, Parent, Stream, TimeWindow

ON_CALL: tuple[Stream, ...] = (
    Stream(
        "escalations",
        "/v2/escalations",
        "Escalations: who was paged when, for which alerts and incidents",
        "escalations.view",
        page_size=50,
        incremental=Incremental("updated_at", days_only=True),
    ),
    Stream(
        "escalation_paths",
        "/v2/escalation_paths",
        "Escalation paths: who is paged, in which order and on which conditions",
        "escalation_paths.view",
        page_size=25,
        selected_by_default=False,
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
        selected_by_default=False,
        parent=Parent("schedules", (("schedule_id", "id"),), added_columns=("schedule_id",)),
        window=TimeWindow("entry_window_start", "entry_window_end"),
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
        selected_by_default=False,
        parent=Parent("schedules", (("schedule_id", "id"),)),
        answer=Answer(key="overrides"),
    ),
)
