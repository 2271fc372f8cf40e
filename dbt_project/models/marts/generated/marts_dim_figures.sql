{#- Made from the core by `python -m mangnon.contract.page`: do not edit. -#}
select
    (select ops.visible_release()) as release_id,
    dim_figures.figure,
    dim_figures.section,
    dim_figures.figure_label,
    dim_figures.unit,
    dim_figures.form,
    {{ label('form', 'dim_figures.form') }} as form_label,
    dim_figures.measure,
    dim_figures.aggregation,
    {{ label('aggregation', 'dim_figures.aggregation') }} as aggregation_label,
    dim_figures.distinct_of,
    {{ label('distinct_of', 'dim_figures.distinct_of') }} as distinct_of_label,
    dim_figures.denominator,
    dim_figures.compared_figure,
    dim_figures.event_type,
    dim_figures.programme,
    dim_figures.programme_kind,
    dim_figures.occasion,
    dim_figures.funding_kind,
    dim_figures.special_circumstance,
    dim_figures.incident_class,
    {{ label('incident_class', 'dim_figures.incident_class') }} as incident_class_label,
    dim_figures.is_subset,
    dim_figures.figure_sort_order,
    dim_figures.rate_population
from {{ ref('dim_figures') }} as dim_figures
where
    {{ is_visible('dim_figures', 'figures') }}
