-- A person can be in several rotations of a schedule.
select distinct
    schedules.id as schedule_id,
    schedules.name as schedule,
    schedules.timezone as time_zone,
    {{ json_text('person.value', 'id') }} as user_id
from {{ ref('base_schedules') }} as schedules
{{ unnest_json(json_part('schedules.config', 'rotations'), 'rotation') }}
{{ unnest_json(json_part('rotation.value', 'users'), 'person') }}
where {{ json_text('person.value', 'id') }} is not null
