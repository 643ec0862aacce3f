{{ incident_source('incident_alerts') }}
