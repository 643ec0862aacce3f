select
    incidents.id as incident_id,
    {{ json_text('listed.value', 'incident_timestamp', 'id') }} as incident_timestamp_id,
    {{ json_text('listed.value', 'incident_timestamp', 'name') }} as name,
    {{ json_integer('listed.value', 'incident_timestamp', 'rank') }} as rank,
    {{ parse_timestamp(json_text('listed.value', 'value', 'value')) }} as happened_at
from {{ ref('base_incidents') }} as incidents
{{ unnest_json('incidents.incident_timestamp_values', 'listed') }}
