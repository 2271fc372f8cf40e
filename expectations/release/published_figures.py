"""Gate 2: how a candidate changes figures that readers know. Each of these rules holds the release."""

from expectations.release.annual_report import OF_FIGURE
from expectations.release.published import LAST_PUBLISHED_PERIOD, PUBLISHED, PUBLISHED_LOADS, THIS_MONTH, TODAY
from expectations.release.reconciliation import ADDITIVE_FORMS
from expectations.rule import Rule, number_vi, threshold, title_of_field, unattributed

# Loads of additive forms that counted for months of past years in the published release and no longer count, beside the
# loads that count in their place. A submission that was missing replaces nothing, so it restates nothing.
REPLACED = f"""
    select old_ones.reporter_code, old_ones.form, old_ones.period, old_ones.load_id as old_load_id,
        judged_loads.load_id as new_load_id
    from ops.published_loads as old_ones
    left join judged_loads
        on old_ones.reporter_code = judged_loads.reporter_code
        and old_ones.form = judged_loads.form
        and old_ones.period = judged_loads.period
    where old_ones.until_release = (select ops.visible_release())
        and old_ones.period < date_trunc('year', {THIS_MONTH})
        and old_ones.form in ({ADDITIVE_FORMS})
"""
# The lines of both: the new ones as they are, the old ones with the opposite sign.
RESTATED_LINES = f"""
    select
        replaced.reporter_code, replaced.period, extract(year from replaced.period)::integer as year,
        is_new, lines.*, case when is_new then lines.value else -lines.value end as difference
    from ({REPLACED}) as replaced
    cross join lateral (
        values (replaced.old_load_id, false), (replaced.new_load_id, true)
    ) as sides (side_load_id, is_new)
    inner join core.agg_measures as lines on sides.side_load_id = lines.load_id
"""
# The final figures of past years, as readers know them.
FINAL = f"""
    select published.*
    from core.computed_annual_report as published
    where published.release_id = {PUBLISHED}
        and published.year < extract(year from {THIS_MONTH})
        and (
            (
                published.complete_reporters = published.expected_reporters
                and {LAST_PUBLISHED_PERIOD} >= make_date(published.year, 12, 1)
            )
            or make_date(published.year + 1, 1, 1) + interval '{threshold("restatement_after")} months' <= {TODAY}
        )
"""

RULES = (
    Rule(
        name="headline_figure_jumped",
        number=16,
        gate="release",
        severity="warning",
        holds_release=True,
        hurts="Readers of the report: a unit or a separator slipped, and they quote the figure before any check.",
        message_vi="Chỉ tiêu của tỉnh thay đổi bất thường so với bản đang công bố",
        # A figure may grow with the submissions that contribute to it, but nothing similar makes it fall.
        query=unattributed(f"""
            with changed as materialized (
                select figures.*, report.year, report.value, published.value as published_value
                from marts.annual_report as report
                inner join marts.dim_figures as figures on report.figure = figures.figure
                inner join core.computed_annual_report as published
                    on report.figure = published.figure and report.year = published.year
                where published.release_id = {PUBLISHED}
                    and figures.aggregation = 'sum'
                    and published.value > 0
                    and greatest(report.value, published.value) >= {threshold("headline_least")}
                    and (
                        report.value > {threshold("headline_jump")} * published.value
                        or coalesce(report.value, 0) * {threshold("headline_jump")} < published.value
                    )
            ),

            bringing as (
                select
                    figures.figure,
                    figures.year,
                    count(distinct ledger.load_id) filter (
                        where ledger.load_id in (select load_id from {PUBLISHED_LOADS})
                    )::numeric as loads_before,
                    count(distinct ledger.load_id) filter (
                        where ledger.load_id in (select load_id from ops.visible_loads)
                    )::numeric as loads_now
                from changed as figures
                inner join ops.published_loads as ledger
                    on figures.form = ledger.form
                    and ledger.period >= make_date(figures.year, 1, 1)
                    and ledger.period < make_date(figures.year + 1, 1, 1)
                inner join core.agg_measures as measures
                    on ledger.load_id = measures.load_id and measures.value > 0 and {OF_FIGURE}
                group by figures.figure, figures.year
            )

            select
                changed.figure || ' (' || changed.figure_label || '), ' || changed.year || ': '
                || {number_vi("changed.published_value")} || ' thành '
                || coalesce({number_vi("changed.value")}, 'trống') as detail
            from changed
            inner join bringing on changed.figure = bringing.figure and changed.year = bringing.year
            where coalesce(changed.value, 0) < changed.published_value
                or bringing.loads_now <= bringing.loads_before
                or (
                    bringing.loads_before >= {threshold("headline_jump_submissions")}
                    and changed.value > {threshold("headline_jump")} * changed.published_value
                    * bringing.loads_now / bringing.loads_before
                )
        """),
    ),
    Rule(
        name="closed_year_restated_largely",
        number=22,
        gate="release",
        severity="warning",
        holds_release=True,
        hurts="Readers who quoted a printed figure: it is overturned, and no second person has checked it.",
        message_vi="Gửi lại làm thay đổi lớn chỉ tiêu đã công bố của năm đã kết thúc",
        query=unattributed(f"""
            select
                final.figure || ' (' || final.figure_label || '), ' || final.year || ': '
                || {number_vi("final.value")} || case when sum(measures.difference) > 0 then ' +' else ' -' end
                || {number_vi("abs(sum(measures.difference))")} as detail
            from ({FINAL}) as final
            inner join marts.dim_figures as figures on final.figure = figures.figure
            inner join ({RESTATED_LINES}) as measures on final.year = measures.year and {OF_FIGURE}
            where figures.aggregation = 'sum'
            group by final.figure, final.figure_label, final.year, final.value
            having abs(sum(measures.difference)) > {threshold("restatement_share")} * final.value
                and greatest(final.value, final.value + sum(measures.difference)) >= {threshold("headline_least")}
        """),
    ),
    Rule(
        name="closed_year_incident_restated",
        number=22,
        gate="release",
        severity="warning",
        holds_release=True,
        hurts="A child who was harmed or died: a reported year now counts the child, or no longer does.",
        message_vi="Gửi lại làm thay đổi số vụ việc đã công bố của năm đã kết thúc",
        query=unattributed(f"""
            select
                reporter_code || ', tháng ' || to_char(period, 'MM/YYYY') || ': '
                || string_agg(coalesce(titles.title, measure) || ' ' || old_value || ' thành ' || new_value, ', '
                    order by measure, incident_class, is_subset, area_code) as detail
            from (
                select
                    reporter_code, period, form, measure, incident_class, is_subset, area_code,
                    coalesce(sum(value) filter (where not is_new), 0) as old_value,
                    coalesce(sum(value) filter (where is_new), 0) as new_value
                from ({RESTATED_LINES}) as lines
                where form = 'incidents' and year in (
                    select final.year
                    from ({FINAL}) as final
                    inner join marts.dim_figures as figures on final.figure = figures.figure
                    where figures.form = 'incidents'
                )
                group by reporter_code, period, form, measure, incident_class, is_subset, area_code
                having sum(difference) <> 0
            ) as restated
            left join {title_of_field()} on restated.form = titles.form and restated.measure = titles.field
            group by reporter_code, period
        """),
    ),
)
