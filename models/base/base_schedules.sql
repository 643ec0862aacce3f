{{ incident_source('schedules') }}
