-- The newest reading of the form and delivery that a load is of, passing over later ones that were refused.
select
    newest.load_id,
    newest.delivery_id,
    newest.reporter_code,
    newest.form,
    newest.period,
    newest.revision,
    newest.state,
    newest.held_by
from ops.loads
inner join ops.loads as newest on loads.delivery_id = newest.delivery_id
where
    loads.load_id = %(load)s
    and newest.form is not distinct from loads.form
    and (newest.state <> 'refused' or newest.load_id = loads.load_id)
order by newest.load_id desc
limit 1
