"""Gate 2: the figures of the annual report that were computed for the candidate."""

from expectations.rule import Rule, number_vi, unattributed
from mangnon.contract.figures import filters

# Condition on a line: a figure is made of it. Empty filters match everything.
OF_FIGURE = " and ".join(
    [
        *(f"measures.{column} = figures.{column}" for column in ("form", "measure", "is_subset")),
        *(f"(figures.{one.name} is null or measures.{one.name} = figures.{one.name})" for one in filters()),
    ]
)
SAME_FILTERS = " and ".join(
    f"part.{column} is not distinct from whole.{column}" for column in ("form", *(one.name for one in filters()))
)

# The years of the new loads. The other years have not changed since they were judged.
TOUCHED_YEARS = """
    select distinct extract(year from period)::integer as year
    from judged_loads
    where reporter_code <> '_reference'
"""
FIGURE_AND_YEAR = "figures.figure || ' (' || figures.figure_label || '), ' || report.year"


RULES = (
    Rule(
        name="report_incomplete",
        gate="release",
        severity="critical",
        hurts="Readers of the report: a figure or a whole year is missing.",
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
        name="figure_negative",
        number=9,
        gate="release",
        severity="critical",
        hurts="Readers of the report: a count of children is below zero, which only a change may be.",
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
        number=17,
        gate="release",
        severity="critical",
        hurts="Readers of the report: a share of children is below 0 or above 100 %.",
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
        number=11,
        gate="release",
        severity="critical",
        hurts='Readers of the report: a part of the children ("trong đó") exceeds all children who got presents.',
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
        hurts="Readers of the report: more districts are counted than the province had, so a merged one counts twice.",
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
            group by figures.figure, figures.figure_label, report.year, report.value
            having report.value > count(distinct areas.area_code)
        """),
    ),
    Rule(
        name="victims_figure_below_cases",
        number=12,
        gate="release",
        severity="warning",
        hurts="Abused children: some reporters gave cases without victims, so the number of victims is too low.",
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
)
