{# Whether a column has one of the texts of a variable; false for null. #}
{% macro is_one_of(column, variable) -%}
  {%- set texts = var(variable) -%}
  {%- if texts -%}
    coalesce({{ column }} in (
      {%- for text in texts -%}
        '{{ text | replace("'", "''") }}'{{ ', ' if not loop.last }}
      {%- endfor -%}
    ), false)
  {%- else -%}
    (1 = 0)
  {%- endif -%}
{%- endmacro %}

{# Of the timestamps that a variable names, the moment of the first one that is set. For a group of rows that have
   `name` and `happened_at`; capitals make no difference. #}
{% macro first_timestamp(variable) -%}
  {%- set names = var(variable) -%}
  {%- if not names -%}
    cast(null as {{ tap_incident.type_of('timestamp') }})
  {%- else -%}
    {# Snowflake refuses coalesce with one argument. #}
    {{- 'coalesce' if names | length > 1 }}(
      {%- for name in names %}
      min(case when lower(name) = '{{ name | lower | replace("'", "''") }}' then happened_at end){{ ',' if not loop.last }}
      {%- endfor %}
    )
  {%- endif -%}
{%- endmacro %}

{# How a person in a JSON value is called: by name or, if the tap has left out personal data, by id. #}
{% macro person_name(column) -%}
  coalesce(
    {{ tap_incident.json_text(column, *(varargs + ('name',))) }},
    'person ' || {{ tap_incident.json_text(column, *(varargs + ('id',))) }}
  )
{%- endmacro %}
