-- The list of figures that counts in the visible release: who delivered it, and why.
select
    loads.revision,
    loads.loaded_at as delivered_at,
    reference_deliveries.delivered_by,
    reference_deliveries.reason
from ops.visible_loads
inner join ops.loads on visible_loads.load_id = loads.load_id
left join ops.reference_deliveries on loads.load_id = reference_deliveries.load_id
where visible_loads.reporter_code = '_reference' and visible_loads.form = 'figures'
