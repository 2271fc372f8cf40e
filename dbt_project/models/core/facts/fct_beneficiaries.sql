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
    beneficiaries.reporter_code,
    coalesce(areas.area_version, {{ unknown_area_version() }}) as area_version,
    {{ member('beneficiaries', 'occasion') }} as occasion,
    {{ member('beneficiaries', 'support_type') }} as support_type,
    {{ member('beneficiaries', 'funding_instrument') }} as funding_instrument,
    {{ member('beneficiaries', 'special_circumstance') }} as special_circumstance,
    {{ member('beneficiaries', 'sex') }} as sex,
    {{ member('beneficiaries', 'age_band') }} as age_band,
    beneficiaries.date_id,
    beneficiaries.period,
    beneficiaries.support_date is not null as is_dated,
    beneficiaries.is_subset,

    -- Measures
    beneficiaries.attendances,
    beneficiaries.support_turns,
    beneficiaries.children,
    beneficiaries.amount_vnd,
    {% for measure in submission_forms().beneficiaries.measures %}
    {{ in_total('beneficiaries', measure) }} as total_{{ measure }},
    {% endfor %}

    beneficiaries.qualifier,
    beneficiaries.is_synthetic
from beneficiaries
{{ join_areas('beneficiaries') }}
