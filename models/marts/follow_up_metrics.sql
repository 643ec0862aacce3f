-- A follow-up that is assigned to no team is of the first team of its incident. One that will not be done has no moment
-- of its own for that: its last change counts.
-- `incident_now`: up to when the age counts (else the present). `incident_time_zone`: whose days these are.
select
    follow_ups.follow_up_id,
    follow_ups.incident_id,
    incidents.reference as incident_reference,
    incidents.name as incident_name,
    incidents.permalink as incident_permalink,
    incidents.severity,
    follow_ups.title,
    follow_ups.status,
    follow_ups.is_open,
    coalesce(follow_ups.team, incident_teams.team, 'no team') as team,
    follow_ups.assignee_id,
    coalesce(follow_ups.assignee, 'nobody') as assignee,
    follow_ups.priority,
    follow_ups.priority_rank,
    follow_ups.issue_permalink,
    follow_ups.created_at,
    cast({{ local_time('follow_ups.created_at') }} as date) as created_on,
    case
        when not follow_ups.is_open
            then cast({{ local_time('coalesce(follow_ups.completed_at, follow_ups.updated_at)') }} as date)
    end as closed_on,
    {{ dbt.datediff('cast(' ~ local_time('follow_ups.created_at') ~ ' as date)',
                    'cast(' ~ local_time(now_utc()) ~ ' as date)', 'day') }} as age_days,
    case
        when incidents.incident_id is null then 'incident not loaded'
        when not incidents.is_counted then incidents.left_out_because
    end as left_out_because
from {{ ref('stg_follow_ups') }} as follow_ups
left join {{ ref('incident_metrics') }} as incidents on incidents.incident_id = follow_ups.incident_id
left join {{ ref('stg_incident_teams') }} as incident_teams
    on incident_teams.incident_id = follow_ups.incident_id and incident_teams.position = 1
