-- A follow-up that is assigned to no team is of the first team of its incident.
-- `incident_now`: up to when the age counts (else the present). `incident_time_zone`: whose days these are.
with aged as (
    select
        follow_ups.*,
        {{ dbt.datediff('cast(' ~ local_time('follow_ups.created_at') ~ ' as date)',
                        'cast(' ~ local_time(now_utc()) ~ ' as date)', 'day') }} as age_days
    from {{ ref('stg_follow_ups') }} as follow_ups
    where follow_ups.is_open
)

select
    aged.follow_up_id,
    aged.incident_id,
    incidents.reference as incident_reference,
    incidents.name as incident_name,
    incidents.severity,
    aged.title,
    coalesce(aged.team, incident_teams.team, 'no team') as team,
    aged.assignee_id,
    coalesce(aged.assignee, 'nobody') as assignee,
    aged.priority,
    aged.priority_rank,
    aged.issue_permalink,
    aged.created_at,
    aged.age_days,
    case
        when aged.age_days is null or aged.age_days < 0 then 'unknown'
        when aged.age_days <= 7 then 'up to 7 days'
        when aged.age_days <= 30 then '8 to 30 days'
        when aged.age_days <= 90 then '31 to 90 days'
        else 'over 90 days'
    end as age,
    case
        when incidents.incident_id is null then 'incident not loaded'
        when not incidents.is_counted then incidents.left_out_because
    end as left_out_because
from aged
left join {{ ref('incident_metrics') }} as incidents on incidents.incident_id = aged.incident_id
left join {{ ref('stg_incident_teams') }} as incident_teams
    on incident_teams.incident_id = aged.incident_id and incident_teams.position = 1
