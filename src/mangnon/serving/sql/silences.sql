-- Units that reported no incident of a class for twelve months, and those of which months are missing.
select
    incident_class,
    status,
    from_period,
    to_period,
    array_agg(reporter_code) as reporters
from core.computed_incident_silence
where release_id = %(visible)s and status <> 'reported'
group by incident_class, status, from_period, to_period
