-- What is night and what are working hours is decided in stg_pages.
select
    week,
    user_id,
    max(person) as person,
    count(*) as pages,
    sum(case when is_in_working_hours then 1 else 0 end) as pages_in_working_hours,
    sum(case when is_at_night then 1 else 0 end) as pages_at_night
from {{ ref('stg_pages') }}
group by week, user_id
