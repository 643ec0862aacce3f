with found as (
    select
        incidents.id as incident_id,
        {{ json_text('entry.value', 'custom_field', 'id') }} as custom_field_id,
        {{ json_text('entry.value', 'custom_field', 'name') }} as name,
        {{ json_text('entry.value', 'custom_field', 'field_type') }} as field_type,
        entry.position as field_position,
        given.position,
        {{ json_text('given.value', 'value_option', 'id') }} as custom_field_option_id,
        {{ json_text('given.value', 'value_catalog_entry', 'id') }} as catalog_entry_id,
        {{ json_text('given.value', 'value_option', 'value') }} as option_value,
        {{ json_text('given.value', 'value_catalog_entry', 'name') }} as entry_name,
        {{ json_text('given.value', 'value_numeric') }} as numeric_text,
        {{ json_text('given.value', 'value_text') }} as text_value,
        {{ json_text('given.value', 'value_link') }} as link
    from {{ ref('base_incidents') }} as incidents
    {{ unnest_json('incidents.custom_field_entries', 'entry') }}
    {{ unnest_json(json_part('entry.value', 'values'), 'given') }}
)

select
    incident_id,
    custom_field_id,
    name,
    field_type,
    field_position,
    position,
    coalesce(option_value, entry_name, numeric_text, text_value, link) as value,
    {{ number_in_text('numeric_text') }} as value_number,
    custom_field_option_id,
    catalog_entry_id
from found
