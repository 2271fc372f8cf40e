-- Only cuts that have begun: the current year has no later months yet.
with loads as (
    select * from {{ ref('stg_published_loads') }}
    where {{ in_release() }} and reporter_code <> '_reference'
),

years as (
    select
        extract(year from period)::integer as year,
        max(period) as last_period
    from loads
    group by extract(year from period)
),

numbers as (
    select generate_series(1, 12) as number
),

cuts_of_any_year as (
    select
        'month' as cut,
        number as cut_number,
        number as from_month,
        number as to_month
    from numbers
    union all
    select
        'quarter' as cut,
        number as cut_number,
        3 * number - 2 as from_month,
        3 * number as to_month
    from numbers
    where number <= 4
    union all
    select
        'half_year' as cut,
        number as cut_number,
        6 * number - 5 as from_month,
        6 * number as to_month
    from numbers
    where number <= 2
    union all
    select
        'nine_months' as cut,
        1 as cut_number,
        1 as from_month,
        9 as to_month
    union all
    select
        'year_to_date' as cut,
        number as cut_number,
        1 as from_month,
        number as to_month
    from numbers
    union all
    select
        'year' as cut,
        1 as cut_number,
        1 as from_month,
        12 as to_month
)

select
    years.year,
    cuts_of_any_year.cut,
    cuts_of_any_year.cut_number,
    make_date(years.year, cuts_of_any_year.from_month, 1) as from_period,
    make_date(years.year, cuts_of_any_year.to_month, 1) as to_period
from years
inner join cuts_of_any_year on make_date(years.year, cuts_of_any_year.from_month, 1) <= years.last_period
where
    cuts_of_any_year.cut in ({{ quoted(var('cuts')) }})
    and (
        cuts_of_any_year.cut <> 'year_to_date'
        or make_date(years.year, cuts_of_any_year.to_month, 1) <= years.last_period
    )
