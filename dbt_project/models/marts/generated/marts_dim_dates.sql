{#- Made from the core by `python -m mangnon.contract.page`: do not edit. -#}
select
    dim_dates.date_id,
    dim_dates.year,
    dim_dates.half_year,
    dim_dates.quarter,
    dim_dates.month,
    dim_dates.is_in_nine_months,
    dim_dates.period
from {{ ref('dim_dates') }} as dim_dates
