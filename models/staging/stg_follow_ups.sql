-- `incident_open_follow_up_statuses`: which statuses leave work to be done.
select
    follow_ups.id as follow_up_id,
    follow_ups.incident_id,
    follow_ups.title,
    follow_ups.status,
    {{ is_one_of('follow_ups.status', 'incident_open_follow_up_statuses') }} as is_open,
    {{ json_text('follow_ups.priority', 'name') }} as priority,
    {{ json_integer('follow_ups.priority', 'rank') }} as priority_rank,
    {{ json_text('follow_ups.category', 'name') }} as category,
    {{ json_text('follow_ups.assignee', 'id') }} as assignee_id,
    {{ person_name('follow_ups.assignee') }} as assignee,
    {{ json_text('follow_ups.assignee_team', 'id') }} as team_id,
    {{ json_text('follow_ups.assignee_team', 'name') }} as team,
    {{ json_text('follow_ups.external_issue_reference', 'issue_permalink') }} as issue_permalink,
    follow_ups.created_at,
    follow_ups.updated_at,
    follow_ups.completed_at
from {{ ref('base_follow_ups') }} as follow_ups
