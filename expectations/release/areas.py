"""Gate 2: compares areas with themselves a year before, in the same borders.

Hoành Bồ of 2019 is part of Hạ Long in 2020, so every area is taken in the borders of the judged month. An area is
compared only if all its parts are known and all its reporters have reported. Incidents are too few: see incident_rates.
"""

from expectations.rule import Rule, attributed, number_vi, threshold, title_of_field
from mangnon.contract.forms import submission_forms

# BI asks for the borders of one day (marts.areas_in_borders); here each judged month has its own.
BORDERS = "(select * from core.computed_borders where release_id = (select ops.chosen_release()))"
SNAPSHOTS = "({})".format(", ".join(f"'{form.name}'" for form in submission_forms() if form.kind == "snapshot"))


def in_same_borders(spans: str) -> str:
    """Returns SQL: the CTEs `area_months`, `area_measures`, `area_loads` of spans (form, judged_period, first_period).

    `area_months` has the months of each span, up to the judged one, for which the whole area was reported;
    `area_measures` has their measures, `area_loads` their loads. Areas are in the borders of the judged month.
    """
    # Materialized, because the planner expects one row of each and would compute it again for each row of the other.
    return f"""
        with spans as ({spans}),

        spans_in_borders as materialized (
            select spans.form, spans.judged_period, spans.first_period, borders.borders_on
            from spans
            inner join (select distinct borders_on, borders_until from {BORDERS} as known) as borders
                on spans.judged_period >= borders.borders_on
                and (spans.judged_period < borders.borders_until or borders.borders_until is null)
        ),

        area_months as materialized (
            select
                spans.form, spans.judged_period, bridge.in_area_version, rates.period,
                array_agg(rates.load_id) as load_ids
            from spans_in_borders as spans
            inner join marts.reporting_rates as rates
                on spans.form = rates.form and rates.period between spans.first_period and spans.judged_period
            inner join marts.dim_reporters as reporters on rates.reporter_code = reporters.reporter_code
            inner join marts.dim_areas as areas
                on reporters.area_code = areas.area_code
                and rates.period >= areas.valid_from
                and (rates.period < areas.valid_until or areas.valid_until is null)
            inner join {BORDERS} as bridge
                on areas.area_version = bridge.area_version and spans.borders_on = bridge.borders_on
            where rates.is_expected
            group by spans.form, spans.judged_period, bridge.in_area_version, rates.period
            having bool_and(rates.is_counted and bridge.is_whole and coalesce(bridge.weight = 1, false))
        ),

        area_loads as materialized (
            select form, judged_period, in_area_version, period, unnest(load_ids) as load_id
            from area_months
        ),

        area_measures as materialized (
            select
                area_loads.form, area_loads.judged_period, area_loads.in_area_version, area_loads.period,
                measures.measure, measures.incident_class, measures.special_circumstance, sum(measures.value) as value
            from area_loads
            inner join core.agg_measures as measures on area_loads.load_id = measures.load_id
            where not measures.is_subset
            group by
                area_loads.form, area_loads.judged_period, area_loads.in_area_version, area_loads.period,
                measures.measure, measures.incident_class, measures.special_circumstance
        )
    """


def told_to_newest_load(query: str) -> str:
    """Returns SQL after the CTEs: assigns findings about areas (form, judged_period, in_area_version, detail) to loads.

    Each finding goes to the newest load of its area.
    """
    return f"""
        , told as materialized ({query})

        select newest.load_id, areas.area_name || ': ' || told.detail as detail
        from told
        inner join (
            select distinct on (form, judged_period, in_area_version) form, judged_period, in_area_version, load_id
            from area_loads
            where load_id in (select load_id from judged_loads)
            order by form, judged_period, in_area_version, period desc, load_id desc
        ) as newest
            on told.form = newest.form
            and told.judged_period = newest.judged_period
            and told.in_area_version = newest.in_area_version
        inner join marts.dim_areas as areas on told.in_area_version = areas.area_version
    """


# For each year with new loads, the span from the start of the year before up to the newest new month.
YEAR_SPANS = """
    select
        form, max(period) as judged_period, make_date(extract(year from period)::integer - 1, 1, 1) as first_period
    from judged_loads
    where reporter_code <> '_reference' and form <> 'incidents'
    group by form, extract(year from period)
"""

# The measures of an area in the judged year, up to the judged month, and in the same months of the year before. For a
# snapshot only the last of these months counts.
YEARS = f"""
    {in_same_borders(YEAR_SPANS)},

    same_months as (
        select this_year.form, this_year.judged_period, this_year.in_area_version, this_year.period
        from area_months as this_year
        inner join area_months as year_before
            on this_year.form = year_before.form
            and this_year.judged_period = year_before.judged_period
            and this_year.in_area_version = year_before.in_area_version
            and this_year.period = year_before.period + interval '1 year'
    ),

    compared as (
        select
            form, judged_period, in_area_version, count(*) as months,
            case when form in {SNAPSHOTS} then array[max(period)] else array_agg(period) end as periods
        from same_months
        group by form, judged_period, in_area_version
        having form in {SNAPSHOTS} or count(*) >= {threshold("year_on_year_months")}
    ),

    years as materialized (
        select
            compared.form, compared.judged_period, compared.in_area_version, measures.measure,
            measures.special_circumstance, array_length(compared.periods, 1) as months,
            coalesce(sum(measures.value) filter (where measures.period = any(compared.periods)), 0) as value,
            coalesce(sum(measures.value) filter (
                where (measures.period + interval '1 year')::date = any(compared.periods)
            ), 0) as previous_value
        from compared
        inner join area_measures as measures
            on compared.form = measures.form
            and compared.judged_period = measures.judged_period
            and compared.in_area_version = measures.in_area_version
        group by
            compared.form, compared.judged_period, compared.in_area_version, measures.measure,
            measures.special_circumstance, compared.periods
    )
"""

RULES = (
    Rule(
        name="area_unlike_year_before",
        number=16,
        gate="release",
        severity="warning",
        hurts="Children of the area: its numbers treble or fall to a third, probably by a slip.",
        message_vi="Số liệu của địa bàn thay đổi bất thường so với cùng kỳ năm trước (cùng địa giới)",
        mend_vi="Hãy kiểm tra số liệu của năm nay và của cùng kỳ năm trước; nếu đúng, hãy ghi chú lý do.",
        query=attributed(f"""
            {YEARS}

            {
            told_to_newest_load(f'''
                select
                    years.form, years.judged_period, years.in_area_version,
                    lower(titles.title) || coalesce(' (' || circumstances.special_circumstance_label || ')', '') || ' '
                    || {number_vi("years.previous_value")} || ' thành ' || {number_vi("years.value")} || ', '
                    || years.months || ' tháng' as detail
                from years
                inner join {title_of_field()} on years.form = titles.form and years.measure = titles.field
                left join marts.dim_special_circumstances as circumstances
                    on years.special_circumstance = circumstances.special_circumstance
                where greatest(years.value, years.previous_value) >= {threshold("year_on_year_least")}
                    and (
                        years.value > {threshold("year_on_year")} * years.previous_value
                        or years.value * {threshold("year_on_year")} < years.previous_value
                    )
            ''')
        }
        """),
    ),
)
