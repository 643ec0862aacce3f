{{ incident_source('escalations') }}
