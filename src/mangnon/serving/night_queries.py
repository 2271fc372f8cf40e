"""What the page of a night asks `ops`, and what was computed for its release; see night_page.py.

Parameters: `batches` and `release` are the night's, `computed` is the release whose expectations hold, `visible` the
one that readers see now (0 when there is none).
"""

# What was published or tried last: a release with its batches, or a batch that changed nothing.
NEWEST = """
    with newest_batch as (
        select batch_id, coalesce(closed_at, opened_at) as happened_at
        from ops.batches
        where state <> 'open' and batch_id not in (select batch_id from ops.release_batches)
        order by happened_at desc
        limit 1
    ),

    newest_release as (
        select release_id, created_at as happened_at from ops.releases order by release_id desc limit 1
    )

    select release_id, null as batch_id, happened_at from newest_release
    union all
    select null, batch_id, happened_at from newest_batch
    order by happened_at desc
    limit 1
"""

BATCHES = """
    select batch_id, kind, state, coalesce(closed_at, opened_at) as happened_at
    from ops.batches
    where batch_id = %(batch)s
        or batch_id in (select batch_id from ops.release_batches where release_id = %(release)s)
    order by batch_id
"""

NAMES = """
    select reporter_code, name
    from raw.reporters
    inner join ops.counting_reference_loads using (load_id)
    order by reporters.sort_order
"""

# One row per reporter that sent something; the reporter is empty where the cover could not be read.
SENDERS = """
    select
        reporter_code,
        count(distinct delivery_id) as files,
        array_agg(distinct period order by period) filter (where period is not null) as periods,
        count(*) filter (where state in ('loaded', 'modelled', 'accepted', 'same')) as accepted,
        count(*) filter (where state = 'refused') as refused,
        count(*) filter (where state = 'held') as held
    from ops.loads
    where batch_id = any(%(batches)s) and reporter_code is distinct from '_reference'
    group by reporter_code
"""

# One row per load that is refused or held, or has warnings, with the first reasons of that severity.
LOADS_WITH_REASONS = """
    with problems as (
        select load_id, rule, message, problem_number as place
        from raw.problems
        inner join ops.loads using (load_id)
        where batch_id = any(%(batches)s) and severity = %(severity)s
        union all
        (
            -- A load may have been judged in several candidates.
            select distinct on (verdicts.load_id, verdicts.expectation)
                verdicts.load_id, verdicts.expectation as rule, verdicts.message, null as place
            from ops.verdicts
            inner join ops.loads using (load_id)
            where loads.batch_id = any(%(batches)s) and severity = %(severity)s and not is_met
            order by verdicts.load_id, verdicts.expectation, verdicts.verdict_id desc
        )
    ),

    numbered as (
        select
            *,
            row_number() over (partition by load_id order by place, rule) as number,
            count(*) over (partition by load_id) as reasons_in_all
        from problems
    ),

    reasons as (
        select load_id, reasons_in_all, array_agg(message order by number) as reasons
        from numbered
        where number <= %(named)s
        group by load_id, reasons_in_all
    )

    select
        loads.load_id,
        loads.state,
        loads.state_reason,
        loads.form,
        coalesce(loads.reporter_code, deliveries.reporter_code) as reporter_code,
        coalesce(loads.period, deliveries.period) as period,
        deliveries.file_name,
        coalesce(reasons.reasons, array[coalesce(loads.state_reason, '')]) as reasons,
        coalesce(reasons.reasons_in_all, 1) as reasons_in_all
    from ops.loads
    inner join ops.deliveries using (delivery_id)
    left join reasons using (load_id)
    where loads.batch_id = any(%(batches)s)
        and case %(severity)s
            when 'critical' then loads.state in ('refused', 'held')
            else reasons.load_id is not null
        end
    order by reporter_code, period, loads.load_id
"""

RELEASE_VERDICTS = """
    select distinct severity, holds_release, expectation, detail, message
    from ops.verdicts
    where gate = 'release'
        and release_id = %(release)s
        and not is_met
        and severity in ('critical', 'warning')
        and (load_id is null or severity = 'critical' or holds_release)
    order by severity, expectation, detail
"""

# One row per reporter and form that was expected in the months before and in the last one, with what became of it.
EXPECTED = """
    with last as (
        select max(period) as last_period from core.computed_reporting_rates
        where release_id = %(computed)s and is_expected
    ),

    expected as (
        select reporter_code, form, period, last_period
        from core.computed_reporting_rates
        cross join last
        where release_id = %(computed)s
            and is_expected
            and period > last_period - make_interval(months => %(months)s)
    ),

    newest as (
        select distinct on (loads.reporter_code, loads.form, loads.period)
            loads.reporter_code, loads.form, loads.period, loads.state, deliveries.received_at
        from ops.loads
        inner join ops.deliveries using (delivery_id)
        inner join ops.batches using (batch_id)
        where batches.state <> 'open' and loads.period in (select period from expected)
        order by loads.reporter_code, loads.form, loads.period, loads.load_id desc
    )

    select
        reporter_code,
        form,
        period,
        last_period,
        newest.state,
        newest.received_at,
        exists (
            select from ops.published_loads
            where (published_loads.reporter_code, published_loads.form, published_loads.period)
                = (expected.reporter_code, expected.form, expected.period)
                and from_release <= %(visible)s
                and until_release > %(visible)s
        ) as is_counted
    from expected
    left join newest using (reporter_code, form, period)
    order by period desc
"""

COMPLETENESS_OF_YEARS = """
    with reporters as (
        select
            extract(year from period)::integer as year,
            reporter_code,
            reporter_kind = 'district' as is_district,
            bool_and(is_counted) as is_complete
        from core.computed_reporting_rates
        where release_id = %(visible)s and is_expected
        group by year, reporter_code, is_district
    )

    select
        year,
        count(*) as expected_reporters,
        count(*) filter (where is_complete) as complete_reporters,
        count(*) filter (where is_district) as expected_districts,
        count(*) filter (where is_district and is_complete) as complete_districts
    from reporters
    group by year
    order by year desc
    limit 2
"""

SILENCE = """
    select incident_class, status, from_period, to_period, array_agg(reporter_code) as reporters
    from core.computed_incident_silence
    where release_id = %(visible)s and status <> 'reported'
    group by incident_class, status, from_period, to_period
"""

ABOUT = "select * from core.computed_about_release where release_id = %(visible)s"

HAS_SYNTHETIC = """
    select exists (
        select from ops.loads inner join ops.deliveries using (delivery_id)
        where batch_id = any(%(batches)s) and is_synthetic
    ) as is_synthetic
"""
