-- What is night, what are working hours and what is an interruption is decided in stg_pages.
select
    week,
    user_id,
    max(person) as person,
    count(*) as pages,
    sum(case when is_interruption then 1 else 0 end) as interruptions,
    sum(case when is_interruption and is_in_working_hours then 1 else 0 end) as interruptions_in_working_hours,
    sum(case when is_interruption and is_at_night then 1 else 0 end) as interruptions_at_night
from {{ ref('stg_pages') }}
group by week, user_id
