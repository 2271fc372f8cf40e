-- The figures that two releases show differently, with the newest definition that the new one knows.
with old_figures as (
    select *
    from core.computed_annual_report
    where release_id = %(old)s
),

new_figures as (
    select *
    from core.computed_annual_report
    where release_id = %(new)s
),

definitions as (
    select distinct on (dim_figures.figure)
        dim_figures.figure,
        dim_figures.form,
        dim_figures.aggregation
    from core.dim_figures
    inner join ops.published_loads on dim_figures.load_id = published_loads.load_id
    where published_loads.from_release <= %(new)s
    order by dim_figures.figure asc, published_loads.from_release desc
)

select
    coalesce(new_figures.year, old_figures.year) as year,
    coalesce(new_figures.figure, old_figures.figure) as figure,
    coalesce(new_figures.figure_label, old_figures.figure_label) as label,
    coalesce(new_figures.unit, old_figures.unit) as unit,
    old_figures.value as old_value,
    new_figures.value as new_value,
    definitions.form,
    definitions.aggregation
from old_figures
full join new_figures on old_figures.year = new_figures.year and old_figures.figure = new_figures.figure
left join definitions on coalesce(new_figures.figure, old_figures.figure) = definitions.figure
where old_figures.value is distinct from new_figures.value
order by
    coalesce(new_figures.year, old_figures.year),
    coalesce(new_figures.figure_sort_order, old_figures.figure_sort_order)
