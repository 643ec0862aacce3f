{{ incident_source('follow_ups') }}
