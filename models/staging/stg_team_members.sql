select
    teams.id as team_id,
    teams.name as team,
    {{ json_text('member.value', 'id') }} as user_id
from {{ ref('base_teams') }} as teams
{{ unnest_json('teams.members', 'member') }}
where {{ json_text('member.value', 'id') }} is not null
