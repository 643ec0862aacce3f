{{ incident_source('catalog_types') }}
