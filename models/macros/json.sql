{# What differs between databases in how they keep JSON. The base models give jsonb in PostgreSQL, JSON in DuckDB,
   VARIANT in Snowflake, JSON in BigQuery. #}

{# A text in a JSON value, by the names on the way to it; null where there is none. #}
{% macro json_text(column) %}
  {{- return(adapter.dispatch('json_text', 'tap_incident')(column, varargs)) -}}
{% endmacro %}

{% macro default__json_text(column, names) -%}
  json_extract_string({{ column }}, '$.{{ names | join('.') }}')
{%- endmacro %}

{% macro postgres__json_text(column, names) -%}
  ({{ column }} #>> '{{ '{' ~ names | join(',') ~ '}' }}')
{%- endmacro %}

{% macro snowflake__json_text(column, names) -%}
  cast(get_path({{ column }}, '{{ names | join('.') }}') as varchar)
{%- endmacro %}

{% macro bigquery__json_text(column, names) -%}
  json_value({{ column }}, '$.{{ names | join('.') }}')
{%- endmacro %}

{# A part of a JSON value that is JSON itself, such as a list; a null of JSON may stay one. #}
{% macro json_part(column) %}
  {{- return(adapter.dispatch('json_part', 'tap_incident')(column, varargs)) -}}
{% endmacro %}

{% macro default__json_part(column, names) -%}
  json_extract({{ column }}, '$.{{ names | join('.') }}')
{%- endmacro %}

{% macro postgres__json_part(column, names) -%}
  ({{ column }} #> '{{ '{' ~ names | join(',') ~ '}' }}')
{%- endmacro %}

{% macro snowflake__json_part(column, names) -%}
  get_path({{ column }}, '{{ names | join('.') }}')
{%- endmacro %}

{% macro bigquery__json_part(column, names) -%}
  json_query({{ column }}, '$.{{ names | join('.') }}')
{%- endmacro %}

{# A whole number in a JSON value. #}
{% macro json_integer(column) -%}
  cast({{ adapter.dispatch('json_text', 'tap_incident')(column, varargs) }} as {{ tap_incident.type_of('bigint') }})
{%- endmacro %}

{% macro json_boolean(column) -%}
  cast({{ adapter.dispatch('json_text', 'tap_incident')(column, varargs) }} as {{ tap_incident.type_of('boolean') }})
{%- endmacro %}

{# The text of an item of a list of texts. #}
{% macro json_item_text(item) %}
  {{- return(adapter.dispatch('json_item_text', 'tap_incident')(item)) -}}
{% endmacro %}

{% macro default__json_item_text(item) -%}
  json_extract_string({{ item }}, '$')
{%- endmacro %}

{% macro postgres__json_item_text(item) -%}
  ({{ item }} #>> '{}')
{%- endmacro %}

{% macro snowflake__json_item_text(item) -%}
  cast({{ item }} as varchar)
{%- endmacro %}

{% macro bigquery__json_item_text(item) -%}
  json_value({{ item }})
{%- endmacro %}

{# Goes behind FROM: a row for each item of a list, as ALIAS.value and ALIAS.position, which begins with 1. #}
{% macro unnest_json(column, alias) %}
  {{- return(adapter.dispatch('unnest_json', 'tap_incident')(column, alias)) -}}
{% endmacro %}

{% macro default__unnest_json(column, alias) -%}
  cross join lateral (
      select value, cast(key as bigint) + 1 as position
      from json_each(case when json_type({{ column }}) = 'ARRAY' then {{ column }} end)
  ) as {{ alias }}
{%- endmacro %}

{# The word WITH only in brackets: where it is not, dbt's unit tests take it for the query's own WITH. #}
{% macro postgres__unnest_json(column, alias) -%}
  cross join lateral (
      select value, position
      from jsonb_array_elements(case when jsonb_typeof({{ column }}) = 'array' then {{ column }} end)
          with ordinality as items (value, position)
  ) as {{ alias }}
{%- endmacro %}

{% macro snowflake__unnest_json(column, alias) -%}
  cross join lateral (
      select items.value, items.index + 1 as position
      from table(flatten(input => {{ column }})) as items
  ) as {{ alias }}
{%- endmacro %}

{% macro bigquery__unnest_json(column, alias) -%}
  cross join unnest(array(
      select as struct value, place + 1 as position
      from unnest(json_query_array({{ column }})) as value with offset as place
  )) as {{ alias }}
{%- endmacro %}
