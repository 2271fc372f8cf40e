-- One row per touched key whose content changes: the load that should count, and the load that counts now.
with winners as (
    select distinct on (revisions.reporter_code, revisions.form, revisions.period) revisions.*
    from ops.touched_revisions(%(batches)s) as revisions
    where not revisions.is_tied
    order by revisions.reporter_code, revisions.form, revisions.period, revisions.revision desc
)

select
    touched.reporter_code,
    touched.form,
    touched.period,
    winners.load_id as new_load_id,
    open_loads.load_id as old_load_id
from ops.touched_keys(%(batches)s) as touched
left join winners
    on
        touched.reporter_code = winners.reporter_code
        and touched.form = winners.form
        and touched.period = winners.period
left join ops.open_loads
    on
        touched.reporter_code = open_loads.reporter_code
        and touched.form = open_loads.form
        and touched.period = open_loads.period
left join ops.loads on open_loads.load_id = loads.load_id
where
    winners.content_hash is distinct from loads.content_hash
    -- A held load stops counting, even if another load has the same content.
    or (loads.held_by is not null and winners.load_id is distinct from loads.load_id)
