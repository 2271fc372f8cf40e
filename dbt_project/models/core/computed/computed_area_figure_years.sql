-- A year is computed again only if something changed that its figures are made from: a load of the year, a list, the
-- months that are expected, today's borders, or the code.
with ledger as (
    select * from {{ ref('stg_published_loads') }}
    where {{ in_release() }}
),

areas as (
    select dim_areas.*
    from {{ ref('dim_areas') }} as dim_areas
    inner join ledger on dim_areas.load_id = ledger.load_id
    where dim_areas.area_code <> 'unknown'
),

lists as (
    select string_agg(load_id::text, ' ' order by load_id) as load_ids
    from ledger
    where reporter_code = '_reference'
),

releases as (
    select * from {{ ref('stg_releases') }}
    where release_state = 'published'
),

earlier_years as (
    {% if is_incremental() %}
    select
        release_id,
        year,
        inputs,
        computed_in
    from {{ this }}
    {% else %}
    select
        null::integer as release_id,
        null::integer as year,
        null::text as inputs,
        null::integer as computed_in
    {% endif %}
),

deployments as (
    select max(deployment_id) as deployment_id from {{ ref('stg_deployments') }}
),

loads_of_years as (
    select
        extract(year from period)::integer as year,
        string_agg(load_id::text, ' ' order by load_id) as load_ids
    from ledger
    where reporter_code <> '_reference'
    group by extract(year from period)
),

span as (
    select max(period) as last_period from ledger
    where reporter_code <> '_reference'
),

-- Today's borders are those of the last month that anybody reported, so that a release says the same for ever.
today as (
    select max(areas.valid_from) as borders_on
    from areas
    inner join span on areas.valid_from <= span.last_period
),

years as (
    select
        loads_of_years.year,
        least(span.last_period, make_date(loads_of_years.year, 12, 1)) as last_period,
        today.borders_on,
        md5(concat_ws(
            '|', loads_of_years.load_ids, lists.load_ids, deployments.deployment_id,
            to_char(today.borders_on, 'YYYY-MM-DD'),
            to_char(least(span.last_period, make_date(loads_of_years.year, 12, 1)), 'YYYY-MM')
        )) as inputs
    from loads_of_years
    cross join lists
    cross join deployments
    cross join today
    cross join span
),

-- Only a published release is known to have all its rows.
known as (
    select
        earlier_years.year,
        earlier_years.inputs,
        max(earlier_years.computed_in) as computed_in
    from earlier_years
    inner join releases on earlier_years.release_id = releases.release_id
    group by earlier_years.year, earlier_years.inputs
)

select
    {{ candidate_asked() }}::integer as release_id,
    years.year,
    coalesce(known.computed_in, {{ candidate_asked() }}) as computed_in,
    years.last_period,
    years.borders_on,
    years.inputs
from years
left join known on years.year = known.year and years.inputs = known.inputs
