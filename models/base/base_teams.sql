{{ incident_source('teams') }}
