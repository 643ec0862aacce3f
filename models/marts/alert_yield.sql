-- An alert counts if an incident that counts has it: one that was declined, merged or canceled, and a test, does not.
-- Without a row in incident_alerts, nothing is known of what became an incident: no rows, rather than 0 percent.
with linked as (
    select distinct links.alert_id
    from {{ ref('stg_incident_alerts') }} as links
    join {{ ref('incident_metrics') }} as incidents on incidents.incident_id = links.incident_id
    where incidents.is_counted
)

select
    coalesce(alerts.alert_source_id, 'none') as alert_source_id,
    coalesce(max(alerts.source), max(alerts.alert_source_id), 'none') as source,
    count(*) as alerts,
    count(linked.alert_id) as alerts_in_an_incident,
    100 * cast(count(linked.alert_id) as {{ type_of('double') }}) / count(*) as percent_in_an_incident
from {{ ref('stg_alerts') }} as alerts
left join linked on linked.alert_id = alerts.alert_id
where exists (select 1 from {{ ref('stg_incident_alerts') }} where incident_id is not null)
group by coalesce(alerts.alert_source_id, 'none')
