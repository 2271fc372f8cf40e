{#- Made from the core by `python -m mangnon.contract.page`: do not edit. -#}
with counting as (
    {{ snapshots_seen('child_population') | indent(4) }}
)

select
    (select ops.visible_release()) as release_id,
    fct_child_population.load_id,
    fct_child_population.line,
    {{ breakdown('child_population') }} as breakdown,
    fct_child_population.reporter_code,
    fct_child_population.area_version,
    fct_child_population.special_circumstance,
    fct_child_population.sex,
    fct_child_population.age_band,
    fct_child_population.date_id,
    fct_child_population.period,
    counting.is_last_of_quarter,
    counting.is_last_of_year,
    fct_child_population.children,
    fct_child_population.children_supported,
    fct_child_population.target_pct,
    fct_child_population.qualifier,
    {{ label('qualifier', 'fct_child_population.qualifier') }} as qualifier_label,
    (fct_child_population.qualifier = 'gte')::integer as lower_bounds,
    (fct_child_population.qualifier = 'approx')::integer as approximations,
    fct_child_population.is_synthetic
from {{ ref('fct_child_population') }} as fct_child_population
inner join counting on fct_child_population.load_id = counting.load_id
where
    fct_child_population.is_subset
