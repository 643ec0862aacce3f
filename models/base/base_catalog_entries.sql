{{ incident_source('catalog_entries') }}
