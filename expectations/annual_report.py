"""Gate 2: the figures of the annual report, as computed for the candidate."""

from expectations.releases import LAST_PUBLISHED_PERIOD, PUBLISHED, THIS_MONTH
from expectations.rule import Rule, number_vi, threshold, unattributed

# The lines that a figure is made of; empty filters match everything.
OF_FIGURE = """
    measures.form = figures.form
    and measures.measure = figures.measure
    and measures.is_subset = figures.is_subset
    and (figures.event_type is null or measures.event_type = figures.event_type)
    and (figures.programme is null or measures.programme = figures.programme)
    and (figures.programme_kind is null or measures.programme_kind = figures.programme_kind)
    and (figures.occasion is null or measures.occasion = figures.occasion)
    and (figures.funding_kind is null or measures.funding_kind = figures.funding_kind)
    and (figures.special_circumstance is null or measures.special_circumstance = figures.special_circumstance)
    and (figures.incident_class is null or measures.incident_class = figures.incident_class)
"""
SAME_FILTERS = " and ".join(
    f"part.{column} is not distinct from whole.{column}"
    for column in (
        "form", "event_type", "programme", "programme_kind", "occasion", "funding_kind", "special_circumstance",
        "incident_class",
    )
)  # fmt: skip

# Which dimensions give the filters of a form's figures, and what its facts measure. Snapshots are left out: of them
# only the last month of a year counts, which the star alone does not say.
TRANSACTIONS = {
    "events": (
        {"event_type": "dim_event_types", "programme": "dim_programmes"},
        ["event_count", "attendances", "child_attendances", "official_attendances", "delegations"],
    ),
    "beneficiaries": (
        {
            "occasion": "dim_occasions",
            "funding_instrument": "dim_funding_instruments",
            "special_circumstance": "dim_special_circumstances",
        },
        ["attendances", "support_turns", "children", "amount_vnd"],
    ),
    "incidents": ({}, ["cases", "victims", "deaths", "handled_cases"]),
}
# Where the attributes of a figure's lines are found, for the forms that have them.
ATTRIBUTES = {
    "event_type": "dim_event_types.event_type",
    "programme": "dim_programmes.programme",
    "programme_kind": "dim_programmes.programme_kind",
    "occasion": "dim_occasions.occasion",
    "funding_kind": "dim_funding_instruments.funding_kind",
    "special_circumstance": "dim_special_circumstances.special_circumstance",
}

# The years that the new loads touch; the other years are as they were when they were judged.
TOUCHED_YEARS = """
    select distinct extract(year from period)::integer as year
    from judged_loads
    where reporter_code <> '_reference'
"""
FIGURE_AND_YEAR = "figures.figure || ' (' || figures.label || '), ' || report.year"


def _seen(form: str) -> str:
    """SQL: the measures of a form by year and attributes, as the star view shows them in the touched years."""
    dimensions, measures = TRANSACTIONS[form]
    # The province is what its districts, communes and bodies report: who is in no list, or twice, is seen here.
    dimensions = dimensions | {"reporter": "dim_reporters"}
    keys = [f"facts.{code}_key" for code in dimensions]
    if form == "incidents":
        keys.append("facts.incident_class")
    if form != "events":
        keys.append("facts.is_subset")
    joins = "\n".join(
        f"inner join marts.{table} as {table} on facts.{code}_key = {table}.{code}_key"
        for code, table in dimensions.items()
    )
    attributes = ", ".join(
        f"{source if source.split('.')[0] in dimensions.values() else 'null::text'} as {attribute}"
        for attribute, source in ATTRIBUTES.items()
    )
    return f"""
        select
            '{form}' as form, facts.year, {attributes},
            {"facts.incident_class" if form == "incidents" else "null::text"} as incident_class,
            {"false" if form == "events" else "facts.is_subset"} as is_subset,
            lines.measure, lines.value
        from (
            select
                {"".join(f"{key}, " for key in keys)}
                extract(year from facts.date_id)::integer as year,
                {", ".join(f"sum(facts.{measure}) as {measure}" for measure in measures)}
            from marts.fct_{form} as facts
            where facts.date_id >= (select make_date(min(year), 1, 1) from touched_years)
                and facts.date_id < (select make_date(max(year) + 1, 1, 1) from touched_years)
            group by {"".join(f"{key}, " for key in keys)} extract(year from facts.date_id)
        ) as facts
        {joins}
        cross join lateral (
            values {", ".join(f"('{measure}', facts.{measure})" for measure in measures)}
        ) as lines (measure, value)
    """


RULES = (
    Rule(
        name="report_incomplete",
        gate="release",
        severity="critical",
        hurts="The annual report lacks a figure or a whole year.",
        message_vi="Báo cáo năm thiếu chỉ tiêu",
        query=unattributed(f"""
            select figures.figure || ' năm ' || years.year as detail
            from ({TOUCHED_YEARS} union select year from marts.annual_report) as years
            cross join marts.dim_figures as figures
            left join marts.annual_report as report on figures.figure = report.figure and years.year = report.year
            where report.figure is null
        """),
    ),
    Rule(
        name="report_differs_from_facts",
        gate="release",
        severity="critical",
        hurts="The printed report and an analyst's own sum over the same release disagree.",
        message_vi="Chỉ tiêu của báo cáo năm khác với tổng tính lại từ kho",
        query=unattributed(f"""
            with touched_years as ({TOUCHED_YEARS}),

            measures as ({" union all ".join(_seen(form) for form in TRANSACTIONS)}),

            recomputed as (
                select figures.figure, measures.year, sum(measures.value) as value
                from marts.dim_figures as figures
                inner join measures on {OF_FIGURE}
                group by figures.figure, measures.year
            )

            select
                {FIGURE_AND_YEAR} || ': báo cáo ' || coalesce({number_vi("report.value")}, 'trống')
                || ', tính lại ' || coalesce({number_vi("recomputed.value")}, 'trống') as detail
            from marts.annual_report as report
            inner join marts.dim_figures as figures on report.figure = figures.figure
            inner join touched_years on report.year = touched_years.year
            left join recomputed on report.figure = recomputed.figure and report.year = recomputed.year
            where figures.aggregation = 'sum'
                and figures.form in ({", ".join(f"'{form}'" for form in TRANSACTIONS)})
                and report.value is distinct from recomputed.value
        """),
    ),
    Rule(
        name="figure_negative",
        gate="release",
        severity="critical",
        hurts="A count of children below zero; only a change may be.",
        message_vi="Chỉ tiêu âm",
        query=unattributed(f"""
            select {FIGURE_AND_YEAR} || ': ' || report.value as detail
            from marts.annual_report as report
            inner join marts.dim_figures as figures on report.figure = figures.figure
            where figures.aggregation <> 'change' and report.value < 0
        """),
    ),
    Rule(
        name="percent_out_of_bounds",
        gate="release",
        severity="critical",
        hurts="A share of children below 0 or above 100 %.",
        message_vi="Tỷ lệ phần trăm ngoài khoảng 0-100",
        query=unattributed(f"""
            select {FIGURE_AND_YEAR} || ': ' || report.value || ' %' as detail
            from marts.annual_report as report
            inner join marts.dim_figures as figures on report.figure = figures.figure
            where figures.aggregation = 'percent' and report.value not between 0 and 100
        """),
    ),
    Rule(
        name="subset_figure_above_whole",
        gate="release",
        severity="critical",
        hurts='The report says that of some children ("trong đó") more were given presents than there were.',
        message_vi='Chỉ tiêu "trong đó" lớn hơn chỉ tiêu tổng',
        query=unattributed(f"""
            select
                part.figure || ' > ' || whole.figure || ' năm ' || parts.year || ': ' || {number_vi("parts.value")}
                || ' > ' || {number_vi("wholes.value")} as detail
            from marts.dim_figures as part
            inner join marts.dim_figures as whole
                on {SAME_FILTERS}
                and (part.measure = whole.measure or (part.measure = 'support_turns' and whole.measure = 'attendances'))
            inner join marts.annual_report as parts on part.figure = parts.figure
            inner join marts.annual_report as wholes on whole.figure = wholes.figure and parts.year = wholes.year
            where part.is_subset
                and not whole.is_subset
                and part.aggregation = 'sum'
                and whole.aggregation = 'sum'
                and wholes.qualifier = 'eq'
                and parts.value > wholes.value
        """),
    ),
    Rule(
        name="districts_above_map",
        gate="release",
        severity="critical",
        hurts="More districts are counted than the province had in that year: a merged one is counted twice.",
        message_vi="Số huyện vượt quá số đơn vị hành chính của tỉnh trong năm",
        query=unattributed(f"""
            select
                {FIGURE_AND_YEAR} || ': ' || report.value || ' > ' || count(distinct areas.area_code) as detail
            from marts.annual_report as report
            inner join marts.dim_figures as figures on report.figure = figures.figure
            left join marts.dim_areas as areas
                on areas.parent_code in (select area_code from marts.dim_areas where area_type = 'province')
                and areas.valid_from < make_date(report.year + 1, 1, 1)
                and (areas.valid_until > make_date(report.year, 1, 1) or areas.valid_until is null)
            where figures.aggregation = 'count_distinct' and figures.distinct_of = 'area'
            group by figures.figure, figures.label, report.year, report.value
            having report.value > count(distinct areas.area_code)
        """),
    ),
    Rule(
        name="figure_thousandfold",
        gate="release",
        severity="critical",
        hurts="One load's slipped separator makes the province's figure.",
        message_vi="Riêng biểu này làm chỉ tiêu của tỉnh tăng khoảng 1.000 lần",
        query=f"""
            select
                load_id,
                count(*) as observed,
                string_agg(detail, '; ' order by detail) as detail
            from (
                select
                    judged_loads.load_id,
                    {FIGURE_AND_YEAR} || ': ' || {number_vi("published.value")} || ' thành '
                    || {number_vi("report.value")} as detail
                from marts.annual_report as report
                inner join core.computed_annual_report as published
                    on report.figure = published.figure and report.year = published.year
                inner join marts.dim_figures as figures on report.figure = figures.figure
                inner join judged_loads
                    on figures.form = judged_loads.form and report.year = extract(year from judged_loads.period)
                inner join ops.loads as loads on judged_loads.load_id = loads.load_id
                inner join ops.deliveries as deliveries on loads.delivery_id = deliveries.delivery_id
                inner join core.agg_measures as measures on judged_loads.load_id = measures.load_id and {OF_FIGURE}
                where published.release_id = {PUBLISHED}
                    and figures.aggregation = 'sum'
                    and published.value > 0
                    and report.value > {threshold("figure_thousandfold")} * published.value
                    -- A resubmission that says why may well mend a published slip.
                    and coalesce(deliveries.revision_reason, '') = ''
                group by judged_loads.load_id, figures.figure, figures.label, report.year, report.value, published.value
                having sum(measures.value) > {threshold("figure_thousandfold_share")} * report.value
            ) as jumps
            group by load_id
        """,
    ),
    Rule(
        name="victims_figure_below_cases",
        gate="release",
        severity="warning",
        hurts="Some reporters gave cases but not victims: the number of abused children is too low.",
        message_vi="Số trẻ bị xâm hại ít hơn số vụ",
        query=unattributed(f"""
            select
                victims.figure || ' năm ' || victim_counts.year || ': ' || victim_counts.value || ' trẻ, '
                || case_counts.value || ' vụ' as detail
            from marts.dim_figures as victims
            inner join marts.dim_figures as cases on victims.incident_class = cases.incident_class
            inner join marts.annual_report as victim_counts on victims.figure = victim_counts.figure
            inner join marts.annual_report as case_counts
                on cases.figure = case_counts.figure and victim_counts.year = case_counts.year
            inner join ({TOUCHED_YEARS}) as touched_years on victim_counts.year = touched_years.year
            where victims.measure = 'victims'
                and cases.measure = 'cases'
                and victims.aggregation = 'sum'
                and cases.aggregation = 'sum'
                and victims.is_subset = cases.is_subset
                and victim_counts.value < case_counts.value
        """),
    ),
    Rule(
        name="figure_unlike_year_before",
        gate="release",
        severity="warning",
        holds_release=True,
        hurts="A figure that trebles or falls to a third is rather an error or a changed definition than the truth.",
        message_vi="Chỉ tiêu thay đổi bất thường so với năm trước",
        query=unattributed(f"""
            select
                {FIGURE_AND_YEAR} || ': ' || {number_vi("report.previous_value")} || ' thành '
                || {number_vi("report.value")} as detail
            from marts.annual_report as report
            inner join marts.dim_figures as figures on report.figure = figures.figure
            inner join ({TOUCHED_YEARS}) as touched_years on report.year = touched_years.year
            where figures.aggregation = 'sum'
                -- A year that is not fully reported differs for that reason.
                and report.complete_reporters = report.expected_reporters
                and (select max(period) from marts.reporting_rates where is_counted) >= make_date(report.year, 12, 1)
                and greatest(report.value, report.previous_value) >= {threshold("year_on_year_least")}
                and (
                    report.value > {threshold("year_on_year")} * report.previous_value
                    or report.value * {threshold("year_on_year")} < report.previous_value
                )
                -- Readers who know the figure already are not kept from the rest because of it.
                and not exists (
                    select
                    from core.computed_annual_report as published
                    where published.release_id = {PUBLISHED}
                        and published.figure = report.figure
                        and published.year = report.year
                        and published.complete_reporters = published.expected_reporters
                        and {LAST_PUBLISHED_PERIOD} >= make_date(report.year, 12, 1)
                        and (
                            published.value > {threshold("year_on_year")} * published.previous_value
                            or published.value * {threshold("year_on_year")} < published.previous_value
                        )
                )
                and {PUBLISHED} is not null
        """),
    ),
    Rule(
        name="closed_year_restated",
        gate="release",
        severity="warning",
        hurts="A figure that was printed and quoted changes; whoever quoted it must be told.",
        message_vi="Chỉ tiêu đã công bố của năm đã kết thúc thay đổi",
        query=unattributed(f"""
            select
                {FIGURE_AND_YEAR} || ': ' || {number_vi("published.value")} || ' thành '
                || coalesce({number_vi("report.value")}, 'trống') as detail
            from marts.annual_report as report
            inner join marts.dim_figures as figures on report.figure = figures.figure
            inner join core.computed_annual_report as published
                on report.figure = published.figure and report.year = published.year
            where published.release_id = {PUBLISHED}
                and report.year < extract(year from {THIS_MONTH})
                and published.value is not null
                and report.value is distinct from published.value
        """),
    ),
)
