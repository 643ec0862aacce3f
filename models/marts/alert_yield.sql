select
    alert_source_id,
    max(source) as source,
    count(*) as alerts,
    sum(case when is_in_an_incident then 1 else 0 end) as alerts_in_an_incident,
    100 * cast(sum(case when is_in_an_incident then 1 else 0 end) as {{ type_of('double') }}) / count(*) as percent_in_an_incident
from {{ ref('alert_metrics') }}
where is_in_an_incident is not null
group by alert_source_id
