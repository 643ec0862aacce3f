select
    entries.row_id as shift_id,
    entries.schedule_id,
    schedules.name as schedule,
    entries.entry_type,
    entries.rotation_id,
    {{ json_text('entries.user', 'id') }} as user_id,
    {{ person_name('entries.user') }} as person,
    entries.start_at,
    entries.end_at,
    cast({{ seconds_between('entries.start_at', 'entries.end_at') }} as {{ type_of('double') }}) / 3600 as hours
from {{ ref('base_schedule_entries') }} as entries
left join {{ ref('base_schedules') }} as schedules on schedules.id = entries.schedule_id
