-- Which timestamps start and end a time, by name, the first that an incident has: `incident_impact_timestamps`,
-- `incident_start_timestamps` (else created_at), `incident_acknowledge_timestamps`, `incident_mitigate_timestamps` and
-- `incident_resolve_timestamps`. `incident_modes` and `incident_uncounted_categories`: which incidents count.
-- `incident_unresolved_categories`: in these, an incident that has a resolve timestamp was opened again.
with stamps as (
    select
        incident_id,
        {{ first_timestamp('incident_impact_timestamps') }} as impact_started_at,
        {{ first_timestamp('incident_start_timestamps') }} as started_at,
        {{ first_timestamp('incident_acknowledge_timestamps') }} as acknowledged_at,
        {{ first_timestamp('incident_mitigate_timestamps') }} as mitigated_at,
        {{ first_timestamp('incident_resolve_timestamps') }} as resolved_at
    from {{ ref('stg_incident_timestamps') }}
    group by incident_id
),

incidents as (
    select
        incidents.*,
        stamps.impact_started_at,
        coalesce(stamps.started_at, incidents.created_at) as started_at,
        stamps.acknowledged_at,
        stamps.mitigated_at,
        stamps.resolved_at,
        {{ is_one_of('incidents.status_category', 'incident_uncounted_categories') }} as has_uncounted_status,
        {{ is_one_of('incidents.status_category', 'incident_unresolved_categories') }} as is_unresolved,
        not {{ is_one_of('incidents.mode', 'incident_modes') }} as has_uncounted_mode
    from {{ ref('stg_incidents') }} as incidents
    left join stamps on stamps.incident_id = incidents.incident_id
),

judged as (
    select
        incidents.*,
        not (has_uncounted_status or has_uncounted_mode) as is_counted,
        case
            when has_uncounted_status then 'uncounted status'
            when has_uncounted_mode then 'uncounted mode'
            when resolved_at is null and is_unresolved then 'not resolved yet'
            when resolved_at is null then 'no resolve timestamp'
            when is_unresolved then 'reopened'
            when started_at is null then 'no start'
            when resolved_at < started_at then 'resolved before its start'
        end as left_out_because
    from incidents
)

select
    incident_id,
    reference,
    name,
    permalink,
    mode,
    visibility,
    incident_type,
    status,
    status_category,
    coalesce(severity_id, 'none') as severity_id,
    coalesce(severity, 'none') as severity,
    severity_rank,
    lead_id,
    lead,
    teams,
    has_postmortem,
    created_at,
    impact_started_at,
    started_at,
    acknowledged_at,
    mitigated_at,
    resolved_at,
    {{ first_day('month', local_time('started_at')) }} as month,
    cast({{ local_time('started_at') }} as date) as started_on,
    case
        when left_out_because is null then cast({{ local_time('resolved_at') }} as date)
    end as resolved_on,
    is_counted,
    is_counted and is_unresolved as is_open,
    left_out_because,
    case when is_counted then {{ seconds_between('impact_started_at', 'started_at') }} end as seconds_to_detect,
    case when is_counted then {{ seconds_between('started_at', 'acknowledged_at') }} end as seconds_to_acknowledge,
    case when is_counted then {{ seconds_between('started_at', 'mitigated_at') }} end as seconds_to_mitigate,
    case when left_out_because is null then {{ seconds_between('started_at', 'resolved_at') }} end as seconds_to_resolve
from judged
