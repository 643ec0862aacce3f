{{ incident_source('alerts') }}
