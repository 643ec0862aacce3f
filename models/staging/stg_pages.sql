-- `incident_time_zone`: whose clocks say what is night. `incident_working_days` (1 is Monday), `incident_working_hours`
-- and `incident_night_hours`: from the first hour on, before the last one; in working hours on working days only.
-- An escalation interrupts a person once, with the first notice that is not of low urgency, however often it repeats.
with events as (
    select
        escalations.id as escalation_id,
        escalations.title,
        escalations.escalation_path_id,
        {{ json_text('escalations.priority', 'name') }} as priority,
        event.position as event_position,
        {{ parse_timestamp(json_text('event.value', 'occurred_at')) }} as paged_at,
        {{ json_text('event.value', 'urgency') }} as urgency,
        {{ json_part('event.value', 'users') }} as users
    from {{ ref('base_escalations') }} as escalations
    {{ unnest_json('escalations.events', 'event') }}
    where {{ json_text('event.value', 'event') }} = 'notified_users'
),

people as (
    select
        events.*,
        paged.position as user_position,
        coalesce({{ json_text('paged.value', 'id') }}, 'unknown') as user_id,
        {{ person_name('paged.value') }} as person,
        {{ local_time('events.paged_at') }} as paged_at_local
    from events
    {{ unnest_json('events.users', 'paged') }}
),

clocked as (
    select
        people.*,
        row_number() over (
            partition by escalation_id, user_id
            order by case when urgency = 'low' then 1 else 0 end, paged_at, event_position, user_position
        ) as place,
        cast(extract(hour from paged_at_local) as integer) as hour_of_day,
        {{ day_of_week('paged_at_local') }} as day_of_week
    from people
    where paged_at is not null
)

select
    escalation_id || '-' || cast(event_position as {{ type_of('text') }})
        || '-' || cast(user_position as {{ type_of('text') }}) as page_id,
    escalation_id,
    escalation_path_id,
    title,
    priority,
    urgency,
    place = 1 and coalesce(urgency, 'high') <> 'low' as is_interruption,
    user_id,
    person,
    paged_at,
    paged_at_local,
    {{ first_day('week', 'paged_at_local') }} as week,
    day_of_week,
    hour_of_day,
    day_of_week in ({{ var('incident_working_days') | join(', ') }})
        and {{ within_hours('hour_of_day', var('incident_working_hours')) }} as is_in_working_hours,
    {{ within_hours('hour_of_day', var('incident_night_hours')) }} as is_at_night
from clocked
