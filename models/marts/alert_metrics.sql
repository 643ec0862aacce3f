-- An alert is in an incident if an incident that counts has it: one that was declined, merged or canceled, and a test,
-- does not. Without a row in incident_alerts, nothing is known: null.
with linked as (
    select distinct links.alert_id
    from {{ ref('stg_incident_alerts') }} as links
    join {{ ref('incident_metrics') }} as incidents on incidents.incident_id = links.incident_id
    where incidents.is_counted
)

select
    alerts.alert_id,
    alerts.title,
    alerts.status,
    coalesce(alerts.alert_source_id, 'none') as alert_source_id,
    coalesce(alerts.source, alerts.alert_source_id, 'none') as source,
    alerts.created_at,
    alerts.resolved_at,
    cast({{ local_time('alerts.created_at') }} as date) as created_on,
    case
        when exists (select 1 from {{ ref('stg_incident_alerts') }} where incident_id is not null)
            then linked.alert_id is not null
    end as is_in_an_incident
from {{ ref('stg_alerts') }} as alerts
left join linked on linked.alert_id = alerts.alert_id
