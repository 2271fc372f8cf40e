with beneficiaries as (
    select
        *,
        coalesce(support_date, period) as date_id
    from {{ ref('stg_beneficiaries') }}
    where {{ in_batches() }}
)

select
    -- Keys
    beneficiaries.load_id,
    beneficiaries.line,
    {{ surrogate_key(['beneficiaries.load_id', 'beneficiaries.line']) }} as beneficiary_key,
    {{ surrogate_key(['beneficiaries.reporter_code']) }} as reporter_key,
    coalesce(areas.area_key, {{ unknown_area_key() }}) as area_key,
    {{ surrogate_key(['beneficiaries.occasion']) }} as occasion_key,
    {{ surrogate_key(['beneficiaries.support_type']) }} as support_type_key,
    {{ surrogate_key(['beneficiaries.funding_instrument']) }} as funding_instrument_key,
    {{ surrogate_key(['beneficiaries.special_circumstance']) }} as special_circumstance_key,
    {{ surrogate_key(['beneficiaries.sex']) }} as sex_key,
    {{ surrogate_key(['beneficiaries.age_band']) }} as age_band_key,
    beneficiaries.date_id,
    beneficiaries.period,
    beneficiaries.support_date is not null as is_dated,
    beneficiaries.is_subset,

    -- Measures
    beneficiaries.attendances,
    beneficiaries.support_turns,
    beneficiaries.children,
    beneficiaries.amount_vnd,

    beneficiaries.qualifier,
    beneficiaries.is_synthetic
from beneficiaries
{{ join_areas('beneficiaries') }}
