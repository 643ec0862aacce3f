{{ incident_source('alert_sources') }}
