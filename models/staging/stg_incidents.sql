with leads as (
    select
        incidents.id as incident_id,
        {{ json_text('assigned.value', 'assignee', 'id') }} as lead_id,
        {{ person_name('assigned.value', 'assignee') }} as lead,
        row_number() over (partition by incidents.id order by assigned.position) as place
    from {{ ref('base_incidents') }} as incidents
    {{ unnest_json('incidents.incident_role_assignments', 'assigned') }}
    where {{ json_text('assigned.value', 'role', 'role_type') }} = 'lead'
        and {{ json_text('assigned.value', 'assignee', 'id') }} is not null
),

documented as (
    select distinct incidents.id as incident_id
    from {{ ref('base_incidents') }} as incidents
    {{ unnest_json('incidents.postmortem_document_ids', 'document') }}
),

teams as (
    select
        incident_id,
        {{ dbt.listagg('team', "', '", 'order by position') }} as teams
    from {{ ref('stg_incident_teams') }}
    group by incident_id
)

select
    incidents.id as incident_id,
    incidents.reference,
    incidents.name,
    incidents.permalink,
    incidents.summary,
    coalesce(incidents.mode, 'standard') as mode,
    incidents.visibility,
    {{ json_text('incidents.incident_type', 'name') }} as incident_type,
    {{ json_text('incidents.incident_status', 'name') }} as status,
    {{ json_text('incidents.incident_status', 'category') }} as status_category,
    {{ json_text('incidents.severity', 'id') }} as severity_id,
    {{ json_text('incidents.severity', 'name') }} as severity,
    {{ json_integer('incidents.severity', 'rank') }} as severity_rank,
    leads.lead_id,
    leads.lead,
    teams.teams,
    coalesce(documented.incident_id, incidents.postmortem_document_url) is not null as has_postmortem,
    incidents.has_debrief,
    incidents.workload_minutes_total,
    incidents.workload_minutes_working,
    incidents.workload_minutes_late,
    incidents.workload_minutes_sleeping,
    incidents.created_at,
    incidents.updated_at,
    incidents.last_activity_at
from {{ ref('base_incidents') }} as incidents
left join leads on leads.incident_id = incidents.id and leads.place = 1
left join documented on documented.incident_id = incidents.id
left join teams on teams.incident_id = incidents.id
