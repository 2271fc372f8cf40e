-- The night's batch while nothing is in it: it was opened just now.
update ops.batches
set opened_at = clock_timestamp()
where
    batches.batch_id = (
        select empty_batches.batch_id
        from ops.batches as empty_batches
        where
            empty_batches.kind = 'night'
            and empty_batches.state = 'open'
            and not exists (
                select
                from ops.loads
                where loads.batch_id = empty_batches.batch_id
            )
        for update skip locked -- somebody loads: it will not stay empty
    )
