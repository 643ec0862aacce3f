{{ incident_source('incidents') }}
