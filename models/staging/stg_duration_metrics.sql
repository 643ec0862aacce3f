select
    incidents.id as incident_id,
    {{ json_text('listed.value', 'duration_metric', 'id') }} as duration_metric_id,
    {{ json_text('listed.value', 'duration_metric', 'name') }} as name,
    {{ json_text('listed.value', 'status') }} as status,
    {{ json_integer('listed.value', 'value_seconds') }} as value_seconds
from {{ ref('base_incidents') }} as incidents
{{ unnest_json('incidents.duration_metrics', 'listed') }}
