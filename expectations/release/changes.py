"""Gate 2: figures of the province that change too much, or that change although their year is closed."""

from expectations.release.annual_report import FIGURE_AND_YEAR, OF_FIGURE, TOUCHED_YEARS
from expectations.release.published import LAST_PUBLISHED_PERIOD, PUBLISHED, THIS_MONTH
from expectations.rule import Rule, number_vi, threshold, unattributed

RULES = (
    Rule(
        name="figure_thousandfold",
        number=16,
        gate="release",
        severity="critical",
        hurts="Readers of the report: one load's slipped separator dominates the province's figure.",
        message_vi="Riêng biểu này làm chỉ tiêu của tỉnh tăng khoảng 1.000 lần",
        mend_vi="Có thể nhầm dấu chấm tách hàng nghìn hoặc đơn vị tính: hãy kiểm tra và nhập lại.",
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
                    -- A resubmission with a reason may mend a published slip.
                    and coalesce(deliveries.revision_reason, '') = ''
                group by
                    judged_loads.load_id, figures.figure, figures.figure_label, report.year, report.value,
                    published.value
                having sum(measures.value) > {threshold("figure_thousandfold_share")} * report.value
            ) as jumps
            group by load_id
        """,
    ),
    Rule(
        name="figure_unlike_year_before",
        number=16,
        gate="release",
        severity="warning",
        holds_release=True,
        hurts="Readers of the report: a figure that trebles is more likely an error or a new definition than true.",
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
                -- A figure that readers know already must not keep the rest from them.
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
        number=25,
        gate="release",
        severity="warning",
        hurts="Readers who quoted a figure of a past year: it changes, and they must be told.",
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
