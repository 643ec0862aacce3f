{{ incident_source('severities') }}
