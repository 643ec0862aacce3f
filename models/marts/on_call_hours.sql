-- The shifts that came of the plan and of its changes, those of the window that schedule_entries has.
select
    user_id,
    max(person) as person,
    count(*) as shifts,
    sum(hours) as hours
from {{ ref('stg_shifts') }}
where entry_type = 'final' and user_id is not null
group by user_id
