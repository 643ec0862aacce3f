select
    alerts.id as alert_id,
    alerts.title,
    alerts.status,
    alerts.alert_source_id,
    sources.name as source,
    alerts.created_at,
    alerts.resolved_at
from {{ ref('base_alerts') }} as alerts
left join {{ ref('base_alert_sources') }} as sources on sources.id = alerts.alert_source_id
