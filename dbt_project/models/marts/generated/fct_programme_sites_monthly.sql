{#- Made from the core by `python -m mangnon.contract.page`: do not edit. -#}
with counting as (
    {{ snapshots_seen('programme_sites') | indent(4) }}
)

select
    (select ops.visible_release()) as release_id,
    fct_programme_sites.load_id,
    fct_programme_sites.line,
    fct_programme_sites.reporter_code,
    fct_programme_sites.area_version,
    fct_programme_sites.programme,
    fct_programme_sites.date_id,
    fct_programme_sites.period,
    counting.is_last_of_quarter,
    counting.is_last_of_year,
    fct_programme_sites.site_count,
    fct_programme_sites.member_count,
    fct_programme_sites.qualifier,
    {{ label('qualifier', 'fct_programme_sites.qualifier') }} as qualifier_label,
    (fct_programme_sites.qualifier = 'gte')::integer as lower_bounds,
    (fct_programme_sites.qualifier = 'approx')::integer as approximations,
    fct_programme_sites.is_synthetic
from {{ ref('fct_programme_sites') }} as fct_programme_sites
inner join counting on fct_programme_sites.load_id = counting.load_id
