-- The figures of the annual report that two releases show differently: another value, qualifier or completeness.
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

-- The newest that the new release knows.
definitions as (
    select distinct on (dim_figures.figure)
        dim_figures.figure,
        dim_figures.form,
        dim_figures.aggregation
    from core.dim_figures
    inner join ops.published_loads on dim_figures.load_id = published_loads.load_id
    where published_loads.from_release <= %(new)s
    order by dim_figures.figure asc, published_loads.from_release desc
),

changed as (
    select
        coalesce(new_figures.year, old_figures.year) as year,
        coalesce(new_figures.figure, old_figures.figure) as figure,
        coalesce(new_figures.figure_sort_order, old_figures.figure_sort_order) as figure_sort_order,
        coalesce(new_figures.figure_label, old_figures.figure_label) as figure_label,
        coalesce(new_figures.unit, old_figures.unit) as unit,
        old_figures.value as old_value,
        new_figures.value as new_value,
        old_figures.qualifier as old_qualifier,
        new_figures.qualifier as new_qualifier,
        old_figures.complete_reporters as old_complete_reporters,
        new_figures.complete_reporters as new_complete_reporters,
        old_figures.expected_reporters as old_expected_reporters,
        new_figures.expected_reporters as new_expected_reporters
    from old_figures
    full join new_figures on old_figures.year = new_figures.year and old_figures.figure = new_figures.figure
    where
        (
            old_figures.value,
            old_figures.qualifier,
            old_figures.complete_reporters,
            old_figures.expected_reporters,
            old_figures.figure
        )
        is distinct from (
            new_figures.value,
            new_figures.qualifier,
            new_figures.complete_reporters,
            new_figures.expected_reporters,
            new_figures.figure
        )
),

changed_loads as (
    select *
    from ops.changed_loads(%(old)s, %(new)s)
),

-- The loads that may have changed a figure: those of its form and year; for a change on the year before, also those of
-- that year. A list may change every figure.
loads_of_years as (
    select
        changed.year,
        changed.figure,
        definitions.form,
        changed.year as year_of_loads
    from changed
    inner join definitions on changed.figure = definitions.figure
    union all
    select
        changed.year,
        changed.figure,
        definitions.form,
        changed.year - 1 as year_of_loads
    from changed
    inner join definitions on changed.figure = definitions.figure
    where definitions.aggregation = 'change'
),

causes as (
    select
        loads_of_years.year,
        loads_of_years.figure,
        changed_loads.*
    from loads_of_years
    inner join changed_loads
        on
            loads_of_years.form = changed_loads.form
            and loads_of_years.year_of_loads = extract(year from changed_loads.period)
    union all
    select
        changed.year,
        changed.figure,
        changed_loads.*
    from changed
    cross join changed_loads
    where changed_loads.reporter_code = '_reference'
),

summed_causes as (
    select
        year,
        figure,
        count(*)::integer as changed_loads,
        array_agg(coalesce(new_load, old_load)) as loads,
        string_agg(distinct reporter_code, ' ' order by reporter_code) as reporters,
        string_agg(distinct reason, e'\n' order by reason) as reasons
    from causes
    group by year, figure
)

select
    changed.*,
    coalesce(summed_causes.changed_loads, 0) as changed_loads,
    coalesce(summed_causes.loads, '{}') as loads,
    summed_causes.reporters,
    summed_causes.reasons
from changed
left join summed_causes on changed.year = summed_causes.year and changed.figure = summed_causes.figure
order by changed.year, changed.figure_sort_order
