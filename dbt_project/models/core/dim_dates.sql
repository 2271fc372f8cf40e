-- Static: each deploy writes it again in one transaction, so readers never see it empty.
{{ config(
    tags='static',
    pre_hook="{% if is_incremental() %}delete from {{ this }}{% endif %}",
) }}

with days as (
    select generate_series(date '2015-01-01', date '2035-12-31', interval '1 day')::date as date_id
),

months as (
    select
        date_id,
        extract(year from date_id)::integer as year,
        extract(month from date_id)::integer as month
    from days
)

select
    date_id,
    year,
    (month + 5) / 6 as half_year,
    (month + 2) / 3 as quarter,
    month,
    month <= 9 as is_in_nine_months,
    make_date(year, month, 1) as period
from months
