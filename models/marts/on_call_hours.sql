-- `incident_on_call_days`: the time that is looked at ends with the present (`incident_now`). Shifts are cut at both
-- ends. An hour counts once, also for a person who is in two schedules at the same time.
with limits as (
    select
        {{ now_utc() }} as until,
        {{ dbt.dateadd('day', -1 * var('incident_on_call_days'), now_utc()) }} as since
),

cut as (
    select
        shifts.user_id,
        shifts.person,
        limits.since,
        greatest(shifts.start_at, limits.since) as start_at,
        least(shifts.end_at, limits.until) as end_at
    from {{ ref('stg_shifts') }} as shifts
    cross join limits
    where shifts.entry_type = 'final'
        and shifts.user_id is not null
        and shifts.start_at < limits.until
        and shifts.end_at > limits.since
        and shifts.end_at > shifts.start_at
),

reached as (
    select
        cut.*,
        max(end_at) over (
            partition by user_id
            order by start_at, end_at
            rows between unbounded preceding and 1 preceding
        ) as covered_until
    from cut
),

-- What a shift adds to the shifts before it.
added as (
    select
        reached.*,
        case when covered_until > start_at then covered_until else start_at end as new_from
    from reached
)

select
    user_id,
    max(person) as person,
    count(*) as shifts,
    cast(coalesce(sum({{ seconds_between('new_from', 'end_at') }}), 0) as {{ type_of('double') }}) / 3600 as hours,
    max(since) as since
from added
group by user_id
