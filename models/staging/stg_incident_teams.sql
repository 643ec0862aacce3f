-- Snowflake does not take unnest_json on the left side of a join, so it has a query for itself.
with listed as (
    select
        incidents.id as incident_id,
        {{ json_item_text('item.value') }} as team_id,
        item.position
    from {{ ref('base_incidents') }} as incidents
    {{ unnest_json('incidents.team_ids', 'item') }}
)

select
    listed.incident_id,
    listed.team_id,
    coalesce(teams.name, listed.team_id) as team,
    listed.position
from listed
left join {{ ref('base_teams') }} as teams on teams.id = listed.team_id
