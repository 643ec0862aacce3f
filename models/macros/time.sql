{# All timestamps of the models are of UTC and carry no zone. #}

{# The moment in a text such as 2024-01-01T02:00:00.123456789+02:00; null for an empty text and for the zero time. #}
{% macro parse_timestamp(text) -%}
  {{ tap_incident.unless_unset(adapter.dispatch('parse_timestamp', 'tap_incident')(text)) }}
{%- endmacro %}

{# DuckDB takes the zone into account only on the way to a type that has one. #}
{% macro default__parse_timestamp(text) -%}
  (cast(nullif(cast({{ text }} as text), '') as timestamp with time zone) at time zone 'UTC')
{%- endmacro %}

{% macro snowflake__parse_timestamp(text) -%}
  cast(convert_timezone('UTC', cast(nullif(cast({{ text }} as varchar), '') as timestamp_tz)) as timestamp_ntz)
{%- endmacro %}

{% macro bigquery__parse_timestamp(text) -%}
  datetime(cast(nullif(cast({{ text }} as string), '') as timestamp), 'UTC')
{%- endmacro %}

{# The API is written in Go, where a moment that was never set is the first of the year 1. #}
{% macro unless_unset(moment) -%}
  nullif({{ moment }}, cast('0001-01-01 00:00:00' as {{ tap_incident.type_of('timestamp') }}))
{%- endmacro %}

{# What the clocks in `incident_time_zone` show at a moment of UTC. #}
{% macro local_time(moment) %}
  {{- return(adapter.dispatch('local_time', 'tap_incident')(moment, var('incident_time_zone'))) -}}
{% endmacro %}

{% macro default__local_time(moment, zone) -%}
  (({{ moment }}) at time zone 'UTC' at time zone '{{ zone }}')
{%- endmacro %}

{% macro snowflake__local_time(moment, zone) -%}
  convert_timezone('UTC', '{{ zone }}', {{ moment }})
{%- endmacro %}

{% macro bigquery__local_time(moment, zone) -%}
  datetime(timestamp({{ moment }}, 'UTC'), '{{ zone }}')
{%- endmacro %}

{# The present: `incident_now` where it is set, for a report that can be made again. #}
{% macro now_utc() -%}
  {%- if var('incident_now') -%}
    {{ tap_incident.parse_timestamp("'" ~ var('incident_now') ~ "'") }}
  {%- else -%}
    {{ adapter.dispatch('current_moment', 'tap_incident')() }}
  {%- endif -%}
{%- endmacro %}

{% macro default__current_moment() -%}
  (current_timestamp at time zone 'UTC')
{%- endmacro %}

{% macro snowflake__current_moment() -%}
  sysdate()
{%- endmacro %}

{% macro bigquery__current_moment() -%}
  current_datetime('UTC')
{%- endmacro %}

{# Whole seconds from a moment to a later one; null if it is earlier or if one of both is missing. #}
{% macro seconds_between(start, finish) -%}
  case
      when {{ finish }} >= {{ start }}
          then {{ adapter.dispatch('elapsed', 'tap_incident')(start, finish) }}
  end
{%- endmacro %}

{% macro default__elapsed(start, finish) -%}
  cast(floor(extract(epoch from {{ finish }} - {{ start }})) as bigint)
{%- endmacro %}

{% macro snowflake__elapsed(start, finish) -%}
  floor(timestampdiff(millisecond, {{ start }}, {{ finish }}) / 1000)
{%- endmacro %}

{% macro bigquery__elapsed(start, finish) -%}
  cast(floor(datetime_diff({{ finish }}, {{ start }}, millisecond) / 1000) as int64)
{%- endmacro %}

{# 1 for Monday to 7 for Sunday. #}
{% macro day_of_week(moment) %}
  {{- return(adapter.dispatch('day_of_week', 'tap_incident')(moment)) -}}
{% endmacro %}

{% macro default__day_of_week(moment) -%}
  cast(extract(isodow from {{ moment }}) as integer)
{%- endmacro %}

{% macro snowflake__day_of_week(moment) -%}
  dayofweekiso({{ moment }})
{%- endmacro %}

{% macro bigquery__day_of_week(moment) -%}
  cast(format_datetime('%u', {{ moment }}) as int64)
{%- endmacro %}

{# The first day of the month or of the week (which begins on Monday) of a moment. #}
{% macro first_day(part, moment) -%}
  cast({{ dbt.date_trunc('isoweek' if part == 'week' and target.type == 'bigquery' else part, moment) }} as date)
{%- endmacro %}

{# Whether an hour is within [from, to); one that begins later than it ends goes over midnight. #}
{% macro within_hours(hour, hours) -%}
  {%- set first, last = hours[0], hours[1] -%}
  ({{ hour }} >= {{ first }} {{ 'and' if first <= last else 'or' }} {{ hour }} < {{ last }})
{%- endmacro %}

{# The value below which a share of all values lies, in between where two are nearest. #}
{% macro percentile(column, share) %}
  {{- return(adapter.dispatch('percentile', 'tap_incident')(column, share)) -}}
{% endmacro %}

{% macro default__percentile(column, share) -%}
  percentile_cont({{ share }}) within group (order by {{ column }})
{%- endmacro %}

{# PERCENTILE_CONT of BigQuery does not work with GROUP BY, and APPROX_QUANTILES gives no value in between. #}
{% macro bigquery__percentile(column, share) -%}
  {%- set ordered = 'array_agg(' ~ column ~ ' ignore nulls order by ' ~ column ~ ')' -%}
  {%- set place = '(' ~ share ~ ' * (count(' ~ column ~ ') - 1))' -%}
  {{ ordered }}[safe_offset(cast(floor({{ place }}) as int64))] * (1 + floor({{ place }}) - {{ place }})
      + {{ ordered }}[safe_offset(cast(ceil({{ place }}) as int64))] * ({{ place }} - floor({{ place }}))
{%- endmacro %}
