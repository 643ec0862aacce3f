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
    coalesce(aged.team, 'no team') as team,
    coalesce(aged.assignee, 'nobody') as assignee,
    aged.priority,
    aged.priority_rank,
    aged.issue_permalink,
    aged.created_at,
    aged.age_days,
    case
        when aged.age_days is null then 'unknown'
        when aged.age_days <= 7 then 'up to 7 days'
        when aged.age_days <= 30 then '8 to 30 days'
        when aged.age_days <= 90 then '31 to 90 days'
        else 'over 90 days'
    end as age
from aged
left join {{ ref('stg_incidents') }} as incidents on incidents.incident_id = aged.incident_id
