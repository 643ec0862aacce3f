-- `incident_time_zone`: the month is that of the start by these clocks.
select
    month,
    severity_id,
    max(severity) as severity,
    max(severity_rank) as severity_rank,
    count(*) as incidents,
    count(seconds_to_resolve) as incidents_with_time,
    count(*) - count(seconds_to_resolve) as incidents_without_time,
    cast({{ percentile('seconds_to_resolve', 0.5) }} as {{ type_of('double') }}) / 3600 as median_hours_to_resolve,
    cast({{ percentile('seconds_to_resolve', 0.9) }} as {{ type_of('double') }}) / 3600 as p90_hours_to_resolve
from {{ ref('incident_metrics') }}
where is_counted and month is not null
group by month, severity_id
