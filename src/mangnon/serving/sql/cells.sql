-- The cells that make a figure in a year, and where they stand. The lines are those that its definition asks for. Snapshots
-- are not added over months: of a year, a reporter's last month counts.
with counting as (
    select
        load_id,
        reporter_code,
        form,
        period,
        period = max(period) over (partition by reporter_code) as is_last
    from ops.visible_loads
    where
        form = %(form)s
        and period between make_date(%(year)s, 1, 1) and make_date(%(year)s, 12, 1)
)

select
    %(figure)s as figure,
    %(year)s::integer as year,
    %(measure)s as measure,
    lines.value,
    lines.qualifier,
    lines.member,
    counting.reporter_code,
    coalesce(dim_reporters.reporter_name, counting.reporter_code) as reporter,
    counting.period,
    coalesce(dim_areas.area_name, '') as area,
    counting.form,
    lines.load_id,
    lines.line,
    loads.revision,
    deliveries.file_name,
    lines.sheet_name,
    lines.row_number,
    %(title)s as column_title,
    deliveries.sha256,
    deliveries.is_synthetic,
    deliveries.place
from counting
inner join {lines} as lines on counting.load_id = lines.load_id
inner join ops.loads on lines.load_id = loads.load_id
inner join ops.deliveries on loads.delivery_id = deliveries.delivery_id
left join marts.dim_areas on lines.area_version = dim_areas.area_version
left join marts.dim_reporters on lines.reporter_code = dim_reporters.reporter_code
where counting.is_last or not %(is_snapshot)s
order by counting.period, counting.reporter_code, lines.line
