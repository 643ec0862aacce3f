select
    follow_up_id,
    incident_id,
    incident_reference,
    incident_name,
    severity,
    title,
    team,
    assignee_id,
    assignee,
    priority,
    priority_rank,
    issue_permalink,
    created_at,
    age_days,
    case
        when age_days is null or age_days < 0 then 'unknown'
        when age_days <= 7 then 'up to 7 days'
        when age_days <= 30 then '8 to 30 days'
        when age_days <= 90 then '31 to 90 days'
        else 'over 90 days'
    end as age,
    left_out_because
from {{ ref('follow_up_metrics') }}
where is_open
