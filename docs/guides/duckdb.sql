-- Made by make docs from schemas/.
CREATE OR REPLACE MACRO read_incidents(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, last_activity_at AT TIME ZONE 'UTC' AS last_activity_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "attachments": 'JSON',
        "call_url": 'VARCHAR',
        "created_at": 'TIMESTAMPTZ',
        "creator": 'JSON',
        "custom_field_entries": 'JSON',
        "debriefs": 'JSON',
        "duration_metrics": 'JSON',
        "external_issue_reference": 'JSON',
        "has_debrief": 'BOOLEAN',
        "id": 'VARCHAR',
        "incident_role_assignments": 'JSON',
        "incident_status": 'JSON',
        "incident_timestamp_values": 'JSON',
        "incident_type": 'JSON',
        "last_activity_at": 'TIMESTAMPTZ',
        "mode": 'VARCHAR',
        "ms_teams_channel_url": 'VARCHAR',
        "name": 'VARCHAR',
        "permalink": 'VARCHAR',
        "postmortem_document_ids": 'JSON',
        "postmortem_document_url": 'VARCHAR',
        "reference": 'VARCHAR',
        "severity": 'JSON',
        "slack_channel_id": 'VARCHAR',
        "slack_channel_name": 'VARCHAR',
        "slack_channel_url": 'VARCHAR',
        "slack_team_id": 'VARCHAR',
        "summary": 'VARCHAR',
        "team_ids": 'JSON',
        "updated_at": 'TIMESTAMPTZ',
        "updates": 'JSON',
        "visibility": 'VARCHAR',
        "workload_minutes_late": 'DOUBLE',
        "workload_minutes_sleeping": 'DOUBLE',
        "workload_minutes_total": 'DOUBLE',
        "workload_minutes_working": 'DOUBLE'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_actions(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (completed_at AT TIME ZONE 'UTC' AS completed_at, created_at AT TIME ZONE 'UTC' AS created_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "assignee": 'JSON',
        "completed_at": 'TIMESTAMPTZ',
        "created_at": 'TIMESTAMPTZ',
        "creator": 'JSON',
        "description": 'VARCHAR',
        "id": 'VARCHAR',
        "incident_id": 'VARCHAR',
        "status": 'VARCHAR',
        "updated_at": 'TIMESTAMPTZ'
    })
    QUALIFY row_number() OVER (PARTITION BY id, incident_id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_follow_ups(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (completed_at AT TIME ZONE 'UTC' AS completed_at, created_at AT TIME ZONE 'UTC' AS created_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "assignee": 'JSON',
        "assignee_team": 'JSON',
        "category": 'JSON',
        "completed_at": 'TIMESTAMPTZ',
        "created_at": 'TIMESTAMPTZ',
        "creator": 'JSON',
        "description": 'VARCHAR',
        "external_issue_reference": 'JSON',
        "id": 'VARCHAR',
        "incident_id": 'VARCHAR',
        "labels": 'JSON',
        "priority": 'JSON',
        "status": 'VARCHAR',
        "title": 'VARCHAR',
        "updated_at": 'TIMESTAMPTZ'
    })
    QUALIFY row_number() OVER (PARTITION BY id, incident_id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_incident_updates(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "created_at": 'TIMESTAMPTZ',
        "id": 'VARCHAR',
        "incident_id": 'VARCHAR',
        "merged_into_incident_id": 'VARCHAR',
        "message": 'VARCHAR',
        "new_incident_status": 'JSON',
        "new_severity": 'JSON',
        "updater": 'JSON'
    })
    QUALIFY row_number() OVER (PARTITION BY id, incident_id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_incident_attachments(files) AS TABLE
    SELECT * EXCLUDE (filename)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "id": 'VARCHAR',
        "incident_id": 'VARCHAR',
        "resource": 'JSON'
    })
    QUALIFY row_number() OVER (PARTITION BY id, incident_id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_incident_relationships(files) AS TABLE
    SELECT * EXCLUDE (filename)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "id": 'VARCHAR',
        "incident": 'JSON',
        "incident_id": 'VARCHAR'
    })
    QUALIFY row_number() OVER (PARTITION BY id, incident_id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_postmortem_documents(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "created_at": 'TIMESTAMPTZ',
        "document_url": 'VARCHAR',
        "editors": 'JSON',
        "exported_urls": 'JSON',
        "id": 'VARCHAR',
        "incident_id": 'VARCHAR',
        "status": 'VARCHAR',
        "title": 'VARCHAR',
        "type": 'VARCHAR',
        "updated_at": 'VARCHAR'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_postmortem_contents(files) AS TABLE
    SELECT * EXCLUDE (filename)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "markdown": 'VARCHAR',
        "postmortem_document_id": 'VARCHAR'
    })
    QUALIFY row_number() OVER (PARTITION BY postmortem_document_id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_incident_timeline_items(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, timestamp AT TIME ZONE 'UTC' AS timestamp, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "activity_log_id": 'VARCHAR',
        "created_at": 'TIMESTAMPTZ',
        "creator": 'JSON',
        "description": 'VARCHAR',
        "id": 'VARCHAR',
        "incident_id": 'VARCHAR',
        "timestamp": 'TIMESTAMPTZ',
        "title": 'VARCHAR',
        "updated_at": 'TIMESTAMPTZ'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_incident_activity_log_entries(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, occurred_at AT TIME ZONE 'UTC' AS occurred_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "content": 'JSON',
        "created_at": 'TIMESTAMPTZ',
        "id": 'VARCHAR',
        "incident_id": 'VARCHAR',
        "occurred_at": 'TIMESTAMPTZ',
        "title": 'VARCHAR',
        "type": 'VARCHAR'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_incident_participants(files) AS TABLE
    SELECT * EXCLUDE (filename)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "incident_id": 'VARCHAR',
        "participant_type": 'VARCHAR',
        "participation": 'VARCHAR',
        "row_id": 'VARCHAR',
        "user": 'JSON'
    })
    QUALIFY row_number() OVER (PARTITION BY row_id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_incident_participant_workloads(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (archived_at AT TIME ZONE 'UTC' AS archived_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "archived_at": 'TIMESTAMPTZ',
        "incident_id": 'VARCHAR',
        "participant_type": 'VARCHAR',
        "row_id": 'VARCHAR',
        "user": 'JSON',
        "workload": 'JSON'
    })
    QUALIFY row_number() OVER (PARTITION BY row_id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_call_sessions(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (ended_at AT TIME ZONE 'UTC' AS ended_at, started_at AT TIME ZONE 'UTC' AS started_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "ended_at": 'TIMESTAMPTZ',
        "id": 'VARCHAR',
        "incident_id": 'VARCHAR',
        "started_at": 'TIMESTAMPTZ'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_custom_fields(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "catalog_type_id": 'VARCHAR',
        "created_at": 'TIMESTAMPTZ',
        "description": 'VARCHAR',
        "field_type": 'VARCHAR',
        "filter_by": 'JSON',
        "fixed_filter": 'JSON',
        "group_by_catalog_attribute_id": 'VARCHAR',
        "helptext_catalog_attribute_id": 'VARCHAR',
        "id": 'VARCHAR',
        "name": 'VARCHAR',
        "updated_at": 'TIMESTAMPTZ'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_custom_field_options(files) AS TABLE
    SELECT * EXCLUDE (filename)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "custom_field_id": 'VARCHAR',
        "id": 'VARCHAR',
        "sort_key": 'BIGINT',
        "value": 'VARCHAR'
    })
    QUALIFY row_number() OVER (PARTITION BY id, custom_field_id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_incident_roles(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "created_at": 'TIMESTAMPTZ',
        "description": 'VARCHAR',
        "id": 'VARCHAR',
        "instructions": 'VARCHAR',
        "name": 'VARCHAR',
        "role_type": 'VARCHAR',
        "shortform": 'VARCHAR',
        "updated_at": 'TIMESTAMPTZ'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_incident_timestamps(files) AS TABLE
    SELECT * EXCLUDE (filename)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "id": 'VARCHAR',
        "name": 'VARCHAR',
        "rank": 'BIGINT'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_incident_statuses(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "category": 'VARCHAR',
        "created_at": 'TIMESTAMPTZ',
        "description": 'VARCHAR',
        "id": 'VARCHAR',
        "name": 'VARCHAR',
        "rank": 'BIGINT',
        "updated_at": 'TIMESTAMPTZ'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_incident_types(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "create_in_triage": 'VARCHAR',
        "created_at": 'TIMESTAMPTZ',
        "description": 'VARCHAR',
        "id": 'VARCHAR',
        "is_default": 'BOOLEAN',
        "name": 'VARCHAR',
        "owning_team_ids": 'JSON',
        "private_incidents_only": 'BOOLEAN',
        "updated_at": 'TIMESTAMPTZ'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_severities(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "created_at": 'TIMESTAMPTZ',
        "description": 'VARCHAR',
        "id": 'VARCHAR',
        "name": 'VARCHAR',
        "rank": 'BIGINT',
        "updated_at": 'TIMESTAMPTZ'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_incident_forms(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "created_at": 'TIMESTAMPTZ',
        "expressions": 'JSON',
        "form_type": 'VARCHAR',
        "id": 'VARCHAR',
        "incident_type_id": 'VARCHAR',
        "lifecycle_elements": 'JSON',
        "updated_at": 'TIMESTAMPTZ'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_incident_templates(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "created_at": 'TIMESTAMPTZ',
        "expressions": 'JSON',
        "id": 'VARCHAR',
        "name": 'VARCHAR',
        "template": 'JSON',
        "updated_at": 'TIMESTAMPTZ'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_glossary_entries(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "created_at": 'TIMESTAMPTZ',
        "description": 'VARCHAR',
        "id": 'VARCHAR',
        "item": 'VARCHAR',
        "rank": 'BIGINT',
        "updated_at": 'TIMESTAMPTZ'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_users(files) AS TABLE
    SELECT * EXCLUDE (filename)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "base_role": 'JSON',
        "custom_roles": 'JSON',
        "email": 'VARCHAR',
        "id": 'VARCHAR',
        "is_active": 'BOOLEAN',
        "name": 'VARCHAR',
        "role": 'VARCHAR',
        "seats": 'JSON',
        "slack_user_id": 'VARCHAR'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_alerts(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, resolved_at AT TIME ZONE 'UTC' AS resolved_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "alert_group_ids": 'JSON',
        "alert_source_id": 'VARCHAR',
        "attributes": 'JSON',
        "created_at": 'TIMESTAMPTZ',
        "deduplication_key": 'VARCHAR',
        "description": 'VARCHAR',
        "id": 'VARCHAR',
        "resolved_at": 'TIMESTAMPTZ',
        "source_url": 'VARCHAR',
        "status": 'VARCHAR',
        "tags": 'JSON',
        "title": 'VARCHAR',
        "updated_at": 'TIMESTAMPTZ'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_alert_notes(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, last_edited_at AT TIME ZONE 'UTC' AS last_edited_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "alert_group_id": 'VARCHAR',
        "alert_id": 'VARCHAR',
        "content": 'VARCHAR',
        "created_at": 'TIMESTAMPTZ',
        "creator": 'JSON',
        "id": 'VARCHAR',
        "images": 'JSON',
        "last_edited_at": 'TIMESTAMPTZ',
        "updated_at": 'TIMESTAMPTZ'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_alert_attachments(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "alert_group_id": 'VARCHAR',
        "alert_id": 'VARCHAR',
        "created_at": 'TIMESTAMPTZ',
        "id": 'VARCHAR',
        "title": 'VARCHAR',
        "url": 'VARCHAR'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_incident_alerts(files) AS TABLE
    SELECT * EXCLUDE (filename)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "alert": 'JSON',
        "alert_route_id": 'VARCHAR',
        "id": 'VARCHAR',
        "incident": 'JSON'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_alert_attributes(files) AS TABLE
    SELECT * EXCLUDE (filename)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "array": 'BOOLEAN',
        "emoji": 'VARCHAR',
        "id": 'VARCHAR',
        "name": 'VARCHAR',
        "required": 'BOOLEAN',
        "type": 'VARCHAR'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_alert_sources(files) AS TABLE
    SELECT * EXCLUDE (filename)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "alert_events_url": 'VARCHAR',
        "auto_resolve_incident_alerts": 'BOOLEAN',
        "auto_resolve_timeout_minutes": 'BIGINT',
        "azure_devops_options": 'JSON',
        "email_options": 'JSON',
        "filter_condition_groups": 'JSON',
        "fixed_team_id": 'VARCHAR',
        "heartbeat_options": 'JSON',
        "http_custom_options": 'JSON',
        "id": 'VARCHAR',
        "jira_options": 'JSON',
        "name": 'VARCHAR',
        "owning_team_ids": 'JSON',
        "rate_limit_sharding": 'JSON',
        "source_type": 'VARCHAR',
        "template": 'JSON'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_alert_tags(files) AS TABLE
    SELECT * EXCLUDE (filename)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "id": 'VARCHAR',
        "name": 'VARCHAR'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_alert_routes(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "alert_sources": 'JSON',
        "condition_groups": 'JSON',
        "created_at": 'TIMESTAMPTZ',
        "enabled": 'BOOLEAN',
        "escalation_config": 'JSON',
        "expressions": 'JSON',
        "grouping_config": 'JSON',
        "id": 'VARCHAR',
        "incident_config": 'JSON',
        "is_private": 'BOOLEAN',
        "message_config": 'JSON',
        "name": 'VARCHAR',
        "owning_team_ids": 'JSON',
        "updated_at": 'TIMESTAMPTZ',
        "version": 'BIGINT'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_maintenance_windows(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (archived_at AT TIME ZONE 'UTC' AS archived_at, created_at AT TIME ZONE 'UTC' AS created_at, end_at AT TIME ZONE 'UTC' AS end_at, start_at AT TIME ZONE 'UTC' AS start_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "alert_condition_groups": 'JSON',
        "archived_at": 'TIMESTAMPTZ',
        "created_at": 'TIMESTAMPTZ',
        "end_at": 'TIMESTAMPTZ',
        "escalation_targets": 'JSON',
        "id": 'VARCHAR',
        "incident_id": 'VARCHAR',
        "lead": 'JSON',
        "name": 'VARCHAR',
        "notification_message": 'VARCHAR',
        "notify_channels": 'JSON',
        "notify_end_minutes_before": 'BIGINT',
        "notify_start_minutes_before": 'BIGINT',
        "owning_team_ids": 'JSON',
        "reroute_on_end": 'BOOLEAN',
        "resolve_on_end": 'BOOLEAN',
        "show_in_sidebar": 'BOOLEAN',
        "start_at": 'TIMESTAMPTZ',
        "updated_at": 'TIMESTAMPTZ'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_escalations(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "created_at": 'TIMESTAMPTZ',
        "creator": 'JSON',
        "description": 'VARCHAR',
        "escalation_path_id": 'VARCHAR',
        "events": 'JSON',
        "id": 'VARCHAR',
        "priority": 'JSON',
        "related_alerts": 'JSON',
        "related_incidents": 'JSON',
        "status": 'VARCHAR',
        "title": 'VARCHAR',
        "updated_at": 'TIMESTAMPTZ'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_escalation_paths(files) AS TABLE
    SELECT * EXCLUDE (filename)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "current_responders": 'JSON',
        "id": 'VARCHAR',
        "kind": 'VARCHAR',
        "name": 'VARCHAR',
        "param_bindings": 'JSON',
        "path": 'JSON',
        "repeat_config": 'JSON',
        "team_ids": 'JSON',
        "template_id": 'VARCHAR',
        "working_hours": 'JSON'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_escalation_path_templates(files) AS TABLE
    SELECT * EXCLUDE (filename)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "description": 'VARCHAR',
        "expressions": 'JSON',
        "has_historical_escalation_path_versions": 'BOOLEAN',
        "id": 'VARCHAR',
        "name": 'VARCHAR',
        "params": 'JSON',
        "path": 'JSON',
        "repeat_config": 'JSON',
        "working_hours": 'JSON'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_call_routes(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "country_code": 'VARCHAR',
        "created_at": 'TIMESTAMPTZ',
        "current_state": 'VARCHAR',
        "custom_language": 'VARCHAR',
        "id": 'VARCHAR',
        "name": 'VARCHAR',
        "options": 'JSON',
        "path": 'JSON',
        "phone_number": 'VARCHAR',
        "phone_number_type": 'VARCHAR',
        "responder_caller_id": 'VARCHAR',
        "updated_at": 'TIMESTAMPTZ',
        "use_caller_allowlist": 'BOOLEAN'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_on_call_notification_pauses(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, ends_at AT TIME ZONE 'UTC' AS ends_at, starts_at AT TIME ZONE 'UTC' AS starts_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "created_at": 'TIMESTAMPTZ',
        "ends_at": 'TIMESTAMPTZ',
        "id": 'VARCHAR',
        "reason": 'VARCHAR',
        "starts_at": 'TIMESTAMPTZ',
        "updated_at": 'TIMESTAMPTZ',
        "user_id": 'VARCHAR'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_schedules(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "annotations": 'JSON',
        "config": 'JSON',
        "created_at": 'TIMESTAMPTZ',
        "current_shifts": 'JSON',
        "holidays_public_config": 'JSON',
        "id": 'VARCHAR',
        "name": 'VARCHAR',
        "next_shifts": 'JSON',
        "permalink": 'VARCHAR',
        "team_ids": 'JSON',
        "timezone": 'VARCHAR',
        "updated_at": 'TIMESTAMPTZ'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_schedule_entries(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (end_at AT TIME ZONE 'UTC' AS end_at, start_at AT TIME ZONE 'UTC' AS start_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "end_at": 'TIMESTAMPTZ',
        "entry_id": 'VARCHAR',
        "entry_type": 'VARCHAR',
        "fingerprint": 'VARCHAR',
        "layer_id": 'VARCHAR',
        "rotation_id": 'VARCHAR',
        "row_id": 'VARCHAR',
        "schedule_id": 'VARCHAR',
        "start_at": 'TIMESTAMPTZ',
        "user": 'JSON'
    })
    QUALIFY row_number() OVER (PARTITION BY row_id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_schedule_overrides(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, end_at AT TIME ZONE 'UTC' AS end_at, start_at AT TIME ZONE 'UTC' AS start_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "created_at": 'TIMESTAMPTZ',
        "end_at": 'TIMESTAMPTZ',
        "id": 'VARCHAR',
        "layer_id": 'VARCHAR',
        "rotation_id": 'VARCHAR',
        "schedule_id": 'VARCHAR',
        "start_at": 'TIMESTAMPTZ',
        "updated_at": 'TIMESTAMPTZ',
        "user": 'JSON'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_schedule_replicas(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, last_synced_at AT TIME ZONE 'UTC' AS last_synced_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "created_at": 'TIMESTAMPTZ',
        "id": 'VARCHAR',
        "last_sync_error": 'VARCHAR',
        "last_synced_at": 'TIMESTAMPTZ',
        "mirror_window_days": 'BIGINT',
        "replica_fallback_user_id": 'VARCHAR',
        "replica_provider": 'VARCHAR',
        "replica_provider_id": 'VARCHAR',
        "schedule_id": 'VARCHAR',
        "sources": 'JSON',
        "updated_at": 'TIMESTAMPTZ',
        "user_statuses": 'JSON'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_schedule_sync_targets(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "add_bot_to_group": 'BOOLEAN',
        "created_at": 'TIMESTAMPTZ',
        "id": 'VARCHAR',
        "linked_schedules": 'JSON',
        "slack_team_id": 'VARCHAR',
        "slack_user_group_id": 'VARCHAR',
        "updated_at": 'TIMESTAMPTZ'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_schedule_sync_rules(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "created_at": 'TIMESTAMPTZ',
        "id": 'VARCHAR',
        "permanent_member_user_ids": 'JSON',
        "rotation_id": 'VARCHAR',
        "schedule_id": 'VARCHAR',
        "schedule_sync_target": 'JSON',
        "schedule_sync_target_id": 'VARCHAR',
        "sync_type": 'VARCHAR',
        "updated_at": 'TIMESTAMPTZ'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_pay_configs(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, published_at AT TIME ZONE 'UTC' AS published_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "base_rate_cents": 'BIGINT',
        "created_at": 'TIMESTAMPTZ',
        "currency": 'VARCHAR',
        "id": 'VARCHAR',
        "name": 'VARCHAR',
        "one_off_rules": 'JSON',
        "published_at": 'TIMESTAMPTZ',
        "rate_time_unit": 'VARCHAR',
        "timezone": 'VARCHAR',
        "updated_at": 'TIMESTAMPTZ',
        "weekly_rules": 'JSON'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_pay_reports(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, published_at AT TIME ZONE 'UTC' AS published_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "created_at": 'TIMESTAMPTZ',
        "creator": 'JSON',
        "end_date": 'VARCHAR',
        "error_code": 'VARCHAR',
        "error_message": 'VARCHAR',
        "id": 'VARCHAR',
        "name": 'VARCHAR',
        "overlapping_shifts": 'VARCHAR',
        "published_at": 'TIMESTAMPTZ',
        "schedule_ids": 'JSON',
        "start_date": 'VARCHAR',
        "status": 'VARCHAR',
        "total_duration_seconds": 'BIGINT',
        "total_pay_by_currency": 'JSON',
        "unpaid_shifts": 'VARCHAR',
        "updated_at": 'TIMESTAMPTZ'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_teams(files) AS TABLE
    SELECT * EXCLUDE (filename)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "catalog_entry": 'JSON',
        "id": 'VARCHAR',
        "members": 'JSON',
        "name": 'VARCHAR'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_catalog_types(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, last_synced_at AT TIME ZONE 'UTC' AS last_synced_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "annotations": 'JSON',
        "categories": 'JSON',
        "color": 'VARCHAR',
        "created_at": 'TIMESTAMPTZ',
        "description": 'VARCHAR',
        "dynamic_resource_parameter": 'VARCHAR',
        "engine_resource_type": 'VARCHAR',
        "estimated_count": 'BIGINT',
        "icon": 'VARCHAR',
        "id": 'VARCHAR',
        "is_editable": 'BOOLEAN',
        "is_team_type": 'BOOLEAN',
        "last_synced_at": 'TIMESTAMPTZ',
        "name": 'VARCHAR',
        "owning_team_ids": 'JSON',
        "ranked": 'BOOLEAN',
        "registry_type": 'VARCHAR',
        "required_integrations": 'JSON',
        "schema": 'JSON',
        "source_repo_url": 'VARCHAR',
        "supports_custom_aliases": 'BOOLEAN',
        "type_name": 'VARCHAR',
        "updated_at": 'TIMESTAMPTZ',
        "use_name_as_identifier": 'BOOLEAN'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_catalog_entries(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (archived_at AT TIME ZONE 'UTC' AS archived_at, created_at AT TIME ZONE 'UTC' AS created_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "aliases": 'JSON',
        "archived_at": 'TIMESTAMPTZ',
        "attribute_values": 'JSON',
        "catalog_type_id": 'VARCHAR',
        "created_at": 'TIMESTAMPTZ',
        "custom_aliases": 'JSON',
        "external_id": 'VARCHAR',
        "id": 'VARCHAR',
        "name": 'VARCHAR',
        "rank": 'BIGINT',
        "updated_at": 'TIMESTAMPTZ'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_catalog_resources(files) AS TABLE
    SELECT * EXCLUDE (filename)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "category": 'VARCHAR',
        "description": 'VARCHAR',
        "engine_resource_type": 'VARCHAR',
        "label": 'VARCHAR',
        "type": 'VARCHAR',
        "value_docstring": 'VARCHAR'
    })
    QUALIFY row_number() OVER (PARTITION BY type ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_status_pages(files) AS TABLE
    SELECT * EXCLUDE (filename)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "description": 'VARCHAR',
        "id": 'VARCHAR',
        "name": 'VARCHAR',
        "public_url": 'VARCHAR'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_status_page_components(files) AS TABLE
    SELECT * EXCLUDE (filename)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "description": 'VARCHAR',
        "id": 'VARCHAR',
        "management_meta": 'JSON',
        "name": 'VARCHAR'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_status_page_structures(files) AS TABLE
    SELECT * EXCLUDE (filename)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "current_structure": 'JSON',
        "display_uptime_mode": 'VARCHAR',
        "management_meta": 'JSON',
        "status_page_id": 'VARCHAR'
    })
    QUALIFY row_number() OVER (PARTITION BY status_page_id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_status_page_incidents(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (published_at AT TIME ZONE 'UTC' AS published_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "component_impacts": 'JSON',
        "id": 'VARCHAR',
        "incident_status": 'VARCHAR',
        "name": 'VARCHAR',
        "published_at": 'TIMESTAMPTZ',
        "status_page_id": 'VARCHAR',
        "updates": 'JSON'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_status_page_response_incidents(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (linked_at AT TIME ZONE 'UTC' AS linked_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "id": 'VARCHAR',
        "linked_at": 'TIMESTAMPTZ',
        "status_page_id": 'VARCHAR',
        "status_page_incident_id": 'VARCHAR'
    })
    QUALIFY row_number() OVER (PARTITION BY status_page_incident_id, id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_status_page_maintenances(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (published_at AT TIME ZONE 'UTC' AS published_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "automate_maintenance_status": 'BOOLEAN',
        "component_maintenance_periods": 'JSON',
        "id": 'VARCHAR',
        "maintenance_status": 'VARCHAR',
        "name": 'VARCHAR',
        "published_at": 'TIMESTAMPTZ',
        "status_page_id": 'VARCHAR',
        "updates": 'JSON'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_workflows(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (runs_from AT TIME ZONE 'UTC' AS runs_from)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "auto_run_mode": 'VARCHAR',
        "condition_groups": 'JSON',
        "continue_on_step_error": 'BOOLEAN',
        "delay": 'JSON',
        "expressions": 'JSON',
        "folder": 'VARCHAR',
        "form_fields": 'JSON',
        "id": 'VARCHAR',
        "include_private_escalations": 'BOOLEAN',
        "include_private_incidents": 'BOOLEAN',
        "management_meta": 'JSON',
        "name": 'VARCHAR',
        "once_for": 'JSON',
        "owning_team_ids": 'JSON',
        "private_incident_scope": 'VARCHAR',
        "runs_from": 'TIMESTAMPTZ',
        "runs_on_incident_modes": 'JSON',
        "runs_on_incidents": 'VARCHAR',
        "shortform": 'VARCHAR',
        "state": 'VARCHAR',
        "steps": 'JSON',
        "trigger": 'JSON',
        "version": 'BIGINT'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_workflow_runs(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (cancelled_at AT TIME ZONE 'UTC' AS cancelled_at, created_at AT TIME ZONE 'UTC' AS created_at, enqueued_at AT TIME ZONE 'UTC' AS enqueued_at, scheduled_at AT TIME ZONE 'UTC' AS scheduled_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "cancelled_at": 'TIMESTAMPTZ',
        "created_at": 'TIMESTAMPTZ',
        "enqueued_at": 'TIMESTAMPTZ',
        "error": 'VARCHAR',
        "id": 'VARCHAR',
        "incident_id": 'VARCHAR',
        "incident_reference": 'VARCHAR',
        "progress": 'JSON',
        "scheduled_at": 'TIMESTAMPTZ',
        "updated_at": 'TIMESTAMPTZ',
        "workflow_id": 'VARCHAR',
        "workflow_name": 'VARCHAR',
        "workflow_version_id": 'VARCHAR',
        "workflow_version_number": 'BIGINT'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_announcement_rules(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "condition_groups": 'JSON',
        "conditions_no_longer_apply_behaviour": 'VARCHAR',
        "created_at": 'TIMESTAMPTZ',
        "id": 'VARCHAR',
        "microsoft_teams_channel_ids": 'JSON',
        "mode": 'VARCHAR',
        "name": 'VARCHAR',
        "owning_team_ids": 'JSON',
        "private_incident_scope": 'VARCHAR',
        "slack_channel_ids": 'JSON',
        "template_id": 'VARCHAR',
        "update_sharing_mode": 'VARCHAR',
        "updated_at": 'TIMESTAMPTZ'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_announcement_templates(files) AS TABLE
    SELECT * EXCLUDE (filename)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "actions": 'JSON',
        "fields": 'JSON',
        "id": 'VARCHAR',
        "is_default": 'BOOLEAN',
        "name": 'VARCHAR',
        "owning_team_ids": 'JSON'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_api_keys(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, last_used_at AT TIME ZONE 'UTC' AS last_used_at, token_last_issued_at AT TIME ZONE 'UTC' AS token_last_issued_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "comments": 'VARCHAR',
        "created_at": 'TIMESTAMPTZ',
        "creator": 'JSON',
        "id": 'VARCHAR',
        "last_used_at": 'TIMESTAMPTZ',
        "name": 'VARCHAR',
        "roles": 'JSON',
        "team_ids": 'JSON',
        "team_roles": 'JSON',
        "token_last_issued_at": 'TIMESTAMPTZ'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC) = 1;

CREATE OR REPLACE MACRO read_policies(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "assignment_rules": 'JSON',
        "conditions": 'JSON',
        "created_at": 'TIMESTAMPTZ',
        "debrief": 'JSON',
        "description": 'VARCHAR',
        "expressions": 'JSON',
        "follow_up": 'JSON',
        "id": 'VARCHAR',
        "name": 'VARCHAR',
        "on_call_readiness": 'JSON',
        "policy_type": 'VARCHAR',
        "post_mortem": 'JSON',
        "schedule": 'JSON',
        "status": 'VARCHAR',
        "updated_at": 'TIMESTAMPTZ'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;

CREATE OR REPLACE MACRO read_policy_findings(files) AS TABLE
    SELECT * EXCLUDE (filename) REPLACE (created_at AT TIME ZONE 'UTC' AS created_at, due_at AT TIME ZONE 'UTC' AS due_at, last_checked_at AT TIME ZONE 'UTC' AS last_checked_at, updated_at AT TIME ZONE 'UTC' AS updated_at)
    FROM read_json(files, format = 'newline_delimited', filename = true, columns = {
        "created_at": 'TIMESTAMPTZ',
        "days": 'BIGINT',
        "debrief": 'JSON',
        "dismissal": 'JSON',
        "due_at": 'TIMESTAMPTZ',
        "follow_up": 'JSON',
        "id": 'VARCHAR',
        "last_checked_at": 'TIMESTAMPTZ',
        "on_call_readiness": 'JSON',
        "policy_id": 'VARCHAR',
        "policy_type": 'VARCHAR',
        "post_mortem": 'JSON',
        "responsible_users": 'JSON',
        "schedule": 'JSON',
        "shift_conflict": 'JSON',
        "state": 'VARCHAR',
        "updated_at": 'TIMESTAMPTZ',
        "vacation_conflict": 'JSON'
    })
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, updated_at DESC) = 1;
