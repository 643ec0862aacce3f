{# All rows of a stream, each column as the type that sources/incident.yml gives it, whatever loader made the table.

   In: the stream's name. It reads the table in `incident_schema`, or the files in the folder `incident_files`. A column
   that the loader does not have is null; a stream that it does not have is a select without rows, and a line in dbt's
   log. Rows that meltanolabs-target-postgres marks as deleted at the source are left out. #}
{% macro incident_source(stream) %}
  {%- set relation = source('incident', stream) -%}
  {%- if not execute -%}
    select 1 as id
  {%- elif target.type not in ('duckdb', 'postgres', 'snowflake', 'bigquery') -%}
    {{ exceptions.raise_compiler_error("the models don't support " ~ target.type ~ ', only duckdb, postgres, snowflake and bigquery') }}
  {%- else -%}
    {%- set known = tap_incident.source_of(stream) -%}
    {%- if var('incident_files') -%}
      {%- set files = tap_incident.files_of(stream) -%}
      {%- set there = tap_incident.types_in_files(known) if files else {} -%}
      {%- set origin = tap_incident.read_files(files, there) if files -%}
    {%- else -%}
      {%- set found = adapter.get_relation(relation.database, relation.schema, relation.identifier) -%}
      {%- set there = tap_incident.types_in_table(found) if found else {} -%}
      {%- set origin = found -%}
    {%- endif -%}
    {%- if not origin and flags.WHICH in ('build', 'run') -%}
      {%- do log('tap_incident: there is no ' ~ stream ~ ', so what is made of it has no rows', info=true) -%}
    {%- endif -%}
    select
      {%- for name, column in known.columns.items() %}
      {%- set quoted = tap_incident.quoted(name) %}
      {% if name in there -%}
        {{ tap_incident.as_kind(quoted, column.data_type, there[name]) }}
      {%- else -%}
        cast(null as {{ tap_incident.type_of(column.data_type) }})
      {%- endif %} as {{ quoted }}{{ ',' if not loop.last }}
      {%- endfor %}
    {% if not origin -%}
      from (select 1 as one) as nothing
      where 1 = 0
    {%- else -%}
      from {{ origin }}
      {%- if '_sdc_deleted_at' in there %}
      where _sdc_deleted_at is null
      {%- endif %}
      {%- if var('incident_files') %}
      qualify row_number() over (
          partition by {{ known.meta.primary_key | join(', ') }}
          order by filename desc{{ ', updated_at desc' if 'updated_at' in there }}
      ) = 1
      {%- endif %}
    {%- endif -%}
  {%- endif -%}
{% endmacro %}

{# The entry of sources/incident.yml for a stream. #}
{% macro source_of(stream) %}
  {%- for entry in graph.sources.values() if entry.source_name == 'incident' and entry.name == stream -%}
    {%- do return(entry) -%}
  {%- endfor -%}
{% endmacro %}

{# A column's name in quotes. In Snowflake, a name without quotes is in upper case, as the loader's are. #}
{% macro quoted(name) %}
  {{- return(adapter.quote(name | upper if target.type == 'snowflake' else name)) -}}
{% endmacro %}

{# The loader's types by column, in lower case. BigQuery's `dtype` does not say whether a column is repeated. #}
{% macro types_in_table(relation) %}
  {%- set types = {} -%}
  {%- for column in adapter.get_columns_in_relation(relation) -%}
    {%- do types.update({column.name | lower: (column.data_type if target.type == 'bigquery' else column.dtype) | lower}) -%}
  {%- endfor -%}
  {%- do return(types) -%}
{% endmacro %}

{# What read_json makes of a stream's columns: timestamps stay text, to be parsed as those inside of objects are. #}
{% macro types_in_files(known) %}
  {%- set types = {} -%}
  {%- for name, column in known.columns.items() -%}
    {%- do types.update({name: {'timestamp': 'varchar', 'text': 'varchar'}.get(column.data_type, column.data_type)}) -%}
  {%- endfor -%}
  {%- do return(types) -%}
{% endmacro %}

{# A stream's files: STREAM.jsonl, as make run writes it, and STREAM-TIME.jsonl, one a run, as target-jsonl does. #}
{% macro files_of(stream) %}
  {%- set place = var('incident_files') | replace("'", "''") ~ '/' ~ stream -%}
  {%- set found = run_query("select file from glob(['" ~ place ~ ".jsonl', '" ~ place ~ "-*.jsonl']) order by 1") -%}
  {%- do return(found.columns[0].values() | list) -%}
{% endmacro %}

{% macro read_files(files, types) -%}
  read_json(
      [{% for file in files %}'{{ file | replace("'", "''") }}'{{ ', ' if not loop.last }}{% endfor %}],
      format = 'newline_delimited',
      filename = true,
      columns = { {%- for name, type in types.items() %}"{{ name }}": '{{ type }}'{{ ', ' if not loop.last }}{% endfor -%} }
  )
{%- endmacro %}
