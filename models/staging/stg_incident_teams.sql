select
    incidents.id as incident_id,
    {{ json_item_text('listed.value') }} as team_id,
    coalesce(teams.name, {{ json_item_text('listed.value') }}) as team,
    listed.position
from {{ ref('base_incidents') }} as incidents
{{ unnest_json('incidents.team_ids', 'listed') }}
left join {{ ref('base_teams') }} as teams on teams.id = {{ json_item_text('listed.value') }}
