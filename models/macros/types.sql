{# The database's name for a type of sources/incident.yml: text, bigint, double, boolean, timestamp, json. #}
{% macro type_of(kind) %}
  {{- return(adapter.dispatch('type_of', 'tap_incident')(kind)) -}}
{% endmacro %}

{% macro default__type_of(kind) -%}
  {{ {'double': 'double precision'}.get(kind, kind) }}
{%- endmacro %}

{% macro postgres__type_of(kind) -%}
  {{ {'double': 'double precision', 'json': 'jsonb'}.get(kind, kind) }}
{%- endmacro %}

{% macro snowflake__type_of(kind) -%}
  {{ {'json': 'variant', 'timestamp': 'timestamp_ntz'}.get(kind, kind) }}
{%- endmacro %}

{% macro bigquery__type_of(kind) -%}
  {{ {'text': 'string', 'bigint': 'int64', 'double': 'float64', 'boolean': 'bool', 'timestamp': 'datetime'}.get(kind, kind) }}
{%- endmacro %}

{# A column of a source as the type that every loader's column becomes. `there` is the type that the loader gave it. #}
{% macro as_kind(column, kind, there) %}
  {#- BigQuery's nested types name the columns that they have: struct<text string>. -#}
  {%- set is_text = '<' not in there and ('char' in there or 'text' in there or there == 'string') -%}
  {%- if kind == 'json' -%}
    {{ adapter.dispatch('as_json', 'tap_incident')(column, is_text) }}
  {%- elif kind == 'timestamp' and (is_text or 'with time zone' in there) -%}
    {{ tap_incident.parse_timestamp(column) }}
  {%- elif there in ('timestamp_tz', 'timestamp_ltz') -%}
    {{ tap_incident.unless_unset("cast(convert_timezone('UTC', " ~ column ~ ') as timestamp_ntz)') }}
  {%- elif kind == 'timestamp' -%}
    {{ tap_incident.unless_unset('cast(' ~ column ~ ' as ' ~ tap_incident.type_of('timestamp') ~ ')') }}
  {%- else -%}
    cast({{ column }} as {{ tap_incident.type_of(kind) }})
  {%- endif -%}
{% endmacro %}

{# A null of JSON becomes one of SQL. #}
{% macro default__as_json(column, is_text) -%}
  case when json_type(cast({{ column }} as json)) <> 'NULL' then cast({{ column }} as json) end
{%- endmacro %}

{% macro postgres__as_json(column, is_text) -%}
  nullif({{ 'cast(' ~ column ~ ' as jsonb)' if is_text else 'to_jsonb(' ~ column ~ ')' }}, 'null')
{%- endmacro %}

{% macro snowflake__as_json(column, is_text) -%}
  {%- set value = 'parse_json(' ~ column ~ ')' if is_text else 'to_variant(' ~ column ~ ')' -%}
  case when not is_null_value({{ value }}) then {{ value }} end
{%- endmacro %}

{% macro bigquery__as_json(column, is_text) -%}
  {%- set value = 'parse_json(' ~ column ~ ')' if is_text else 'to_json(' ~ column ~ ')' -%}
  case when json_type({{ value }}) <> 'null' then {{ value }} end
{%- endmacro %}

{# A number that is written in a text; null where the text is no number. #}
{% macro number_in_text(text) %}
  {{- return(adapter.dispatch('number_in_text', 'tap_incident')(text)) -}}
{% endmacro %}

{% macro default__number_in_text(text) -%}
  try_cast({{ text }} as {{ tap_incident.type_of('double') }})
{%- endmacro %}

{% macro postgres__number_in_text(text) -%}
  case
      when {{ text }} ~ '^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]{1,2})?$'
          then cast({{ text }} as double precision)
  end
{%- endmacro %}

{% macro bigquery__number_in_text(text) -%}
  safe_cast({{ text }} as float64)
{%- endmacro %}
