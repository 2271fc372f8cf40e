-- With each load the code lists that it was read with: those that counted when it was made.
select
    loads.load_id,
    coalesce(
        (
            select array_agg(newest.load_id order by newest.form)
            from (
                select distinct on (reference.form)
                    reference.form,
                    reference.load_id
                from ops.loads as reference
                left join ops.reference_deliveries on reference.load_id = reference_deliveries.load_id
                where
                    reference.reporter_code = '_reference'
                    and reference.state in ('modelled', 'accepted', 'same')
                    and reference.load_id < loads.load_id
                    and coalesce(reference_deliveries.accepted_at, '-infinity') <= loads.loaded_at
                order by reference.form asc, reference.revision desc, reference.load_id desc
            ) as newest
        ),
        '{}'
    ) as reference_load_ids
from ops.loads
where loads.load_id = any(%(loads)s)
