{#- Made from the core by `python -m mangnon.contract.page`: do not edit. -#}
select
    (select ops.visible_release()) as release_id,
    fct_beneficiaries.load_id,
    fct_beneficiaries.line,
    {{ breakdown('beneficiaries') }} as breakdown,
    fct_beneficiaries.reporter_code,
    fct_beneficiaries.area_version,
    fct_beneficiaries.occasion,
    fct_beneficiaries.support_type,
    fct_beneficiaries.funding_instrument,
    fct_beneficiaries.special_circumstance,
    fct_beneficiaries.sex,
    fct_beneficiaries.age_band,
    fct_beneficiaries.date_id,
    fct_beneficiaries.period,
    fct_beneficiaries.is_dated,
    {{ part_of_total('beneficiaries', 'attendances') }} as attendances,
    {{ part_of_total('beneficiaries', 'support_turns') }} as support_turns,
    {{ part_of_total('beneficiaries', 'children') }} as children,
    {{ part_of_total('beneficiaries', 'amount_vnd') }} as amount_vnd,
    fct_beneficiaries.qualifier,
    {{ label('qualifier', 'fct_beneficiaries.qualifier') }} as qualifier_label,
    (fct_beneficiaries.qualifier = 'gte')::integer as lower_bounds,
    (fct_beneficiaries.qualifier = 'approx')::integer as approximations,
    fct_beneficiaries.is_synthetic
from {{ ref('fct_beneficiaries') }} as fct_beneficiaries
where
    {{ is_visible('fct_beneficiaries', 'beneficiaries') }}
    and fct_beneficiaries.is_subset and {{ has_parts('beneficiaries') }}
