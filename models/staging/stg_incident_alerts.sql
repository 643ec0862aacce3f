select
    links.id as incident_alert_id,
    {{ json_text('links.alert', 'id') }} as alert_id,
    {{ json_text('links.incident', 'id') }} as incident_id,
    links.alert_route_id
from {{ ref('base_incident_alerts') }} as links
