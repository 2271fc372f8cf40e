-- In the order of the list that counts now.
select
    reporters.reporter_code,
    reporters.name
from raw.reporters
inner join ops.counting_reference_loads on reporters.load_id = counting_reference_loads.load_id
order by reporters.sort_order
