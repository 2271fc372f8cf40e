"""Gate 2: whether the figures of the report equal the sums that anybody can make from the facts of the release."""

from expectations.release.annual_report import FIGURE_AND_YEAR, OF_FIGURE, TOUCHED_YEARS
from expectations.release.wholeness import column_of
from expectations.rule import Rule, number_vi, unattributed
from mangnon.contract.figures import attributes_of, filters
from mangnon.contract.forms import Form, all_forms, submission_forms

# Snapshots are left out: only their last month of a year counts, and the star alone does not say which one that is.
TRANSACTIONS = [form for form in submission_forms() if form.kind == "transaction"]
SUPPORTED, CHILDREN = (
    column_of(all_forms()["child_population"], measure) for measure in ("children_supported", "children")
)
ADDITIVE_FORMS = ", ".join(f"'{form.name}'" for form in TRANSACTIONS)


def _seen(form: Form) -> str:
    """Returns SQL: the measures of a form by year and attributes, as the star view shows them in the touched years."""
    kept = [one for one in filters() if one.field in attributes_of(form)]
    # The province is the sum of its reporters. The join shows a reporter that is missing in the list, or in it twice.
    dimensions = {one.field: one.dimension for one in kept if one.dimension} | {"reporter_code": "dim_reporters"}
    said = [one.name for one in kept if not one.dimension] + (["is_subset"] if form.has_subsets else [])
    keys = [f"facts.{column}" for column in (*dimensions, *said)]
    joins = "\n".join(
        f"inner join marts.{table} as {table} on facts.{key} = {table}.{key}" for key, table in dimensions.items()
    )
    attributes = ", ".join(
        (f"{one.dimension or 'facts'}.{one.name}" if one in kept else "null::text") + f" as {one.name}"
        for one in filters()
    )
    return f"""
        select
            '{form.name}' as form, facts.year, {attributes},
            {"facts.is_subset" if form.has_subsets else "false"} as is_subset,
            lines.measure, lines.value
        from (
            select
                {"".join(f"{key}, " for key in keys)}
                extract(year from facts.date_id)::integer as year,
                {", ".join(f"sum(facts.{measure}) as {measure}" for measure in form.measures)}
            from ({" union all ".join(_lines(form, mart, said, dimensions) for mart in form.marts)}) as facts
            where facts.date_id >= (select make_date(min(year), 1, 1) from touched_years)
                and facts.date_id < (select make_date(max(year) + 1, 1, 1) from touched_years)
            group by {"".join(f"{key}, " for key in keys)} extract(year from facts.date_id)
        ) as facts
        {joins}
        cross join lateral (
            values {", ".join(f"('{measure}', facts.{measure})" for measure in form.measures)}
        ) as lines (measure, value)
    """


def _lines(form: Form, mart: str, said: list[str], dimensions: dict[str, str]) -> str:
    """Returns SQL: the lines of one of the form's marts. That of the parts does not say that they are parts."""
    is_of_parts = mart.endswith("_breakdown")
    columns = [*dimensions, *("true as is_subset" if is_of_parts and name == "is_subset" else name for name in said)]
    return f"select {', '.join([*columns, 'date_id', *form.measures])} from marts.{mart}"


RULES = (
    Rule(
        name="report_differs_from_facts",
        number=23,
        gate="release",
        severity="critical",
        hurts="The analyst: the printed report and her own sum over the same release disagree.",
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
                and figures.form in ({ADDITIVE_FORMS})
                and report.value is distinct from recomputed.value
        """),
    ),
    Rule(
        name="percent_differs_from_facts",
        number=17,
        gate="release",
        severity="critical",
        hurts="The analyst: the report's percentage differs from her own over the children in the same release.",
        message_vi="Tỷ lệ của báo cáo năm khác với tỷ lệ tính lại từ kho",
        query=unattributed(f"""
            with touched_years as ({TOUCHED_YEARS}),

            -- For a snapshot, the last month of each reporter in a year counts.
            last_loads as (
                select distinct on (counting.reporter_code, touched_years.year)
                    counting.load_id, touched_years.year
                from touched_years
                inner join ops.visible_loads as counting
                    on counting.period >= make_date(touched_years.year, 1, 1)
                    and counting.period < make_date(touched_years.year + 1, 1, 1)
                where counting.form = 'child_population'
                order by counting.reporter_code, touched_years.year, counting.period desc
            ),

            recomputed as (
                select
                    figures.figure, last_loads.year,
                    round(100.0 * sum({SUPPORTED}) / nullif(sum({CHILDREN}), 0), 2) as value
                from last_loads
                inner join marts.fct_child_population_monthly as facts on last_loads.load_id = facts.load_id
                inner join marts.dim_figures as figures
                    on figures.form = 'child_population'
                    and figures.is_subset = facts.is_subset
                    and (
                        figures.special_circumstance is null
                        or figures.special_circumstance = facts.special_circumstance
                    )
                where figures.measure = 'children_supported' and figures.denominator = 'children'
                group by figures.figure, last_loads.year
            )

            select
                {FIGURE_AND_YEAR} || ': báo cáo ' || coalesce(report.value::text, 'trống')
                || ', tính lại ' || coalesce(recomputed.value::text, 'trống') as detail
            from marts.annual_report as report
            inner join marts.dim_figures as figures on report.figure = figures.figure
            inner join touched_years on report.year = touched_years.year
            left join recomputed on report.figure = recomputed.figure and report.year = recomputed.year
            where figures.aggregation = 'percent'
                and figures.measure = 'children_supported'
                and figures.denominator = 'children'
                and report.value is distinct from recomputed.value
        """),
    ),
    Rule(
        name="months_differ_from_year",
        number=23,
        gate="release",
        severity="critical",
        hurts="The provincial officer: months, year to date and year contradict each other in one release.",
        message_vi="Cộng các tháng khác với số luỹ kế hoặc số cả năm",
        query=unattributed(f"""
            select
                {FIGURE_AND_YEAR.replace("report.", "sums.")} || ', ' || sums.cut_number || ' tháng: luỹ kế '
                || coalesce({number_vi("sums.value")}, 'trống') || ', cộng các tháng '
                || coalesce({number_vi("sum(months.value)")}, 'trống') as detail
            from marts.dim_figures as figures
            inner join (
                select figure, year, case cut when 'year' then 12 else cut_number end as cut_number, cut, value
                from marts.periodic_figures
                where cut in ('year', 'year_to_date') and year in ({TOUCHED_YEARS})
            ) as sums on figures.figure = sums.figure
            inner join marts.periodic_figures as months
                on sums.figure = months.figure
                and sums.year = months.year
                and months.cut = 'month'
                and months.cut_number <= sums.cut_number
            where figures.aggregation = 'sum' and figures.form in ({ADDITIVE_FORMS})
            group by figures.figure, figures.figure_label, sums.year, sums.cut, sums.cut_number, sums.value
            having sums.value is distinct from sum(months.value)
        """),
    ),
)
