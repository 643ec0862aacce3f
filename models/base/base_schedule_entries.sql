{{ incident_source('schedule_entries') }}
