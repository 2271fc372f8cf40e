"""Gate 1: compares a load's totals with the other months of the same reporter, to find slips of ×1000 and ÷1000."""

from expectations.loads.lines import ROW, Found
from expectations.rule import Rule, number_vi, threshold, title_of_field
from mangnon.contract.forms import submission_forms

HISTORY = threshold("thousandfold_history")
# The number of children does not change with the seasons, unlike presents and events.
IS_STOCK = "totals.form = 'child_population' and totals.measure = 'children'"
IS_THOUSANDTH = f"totals.total * {threshold('thousandfold')} < usual.median"

TOTALS_AND_MEDIANS = f"""
    with judged_spans as (
        select reporter_code, form, min(period) as first_period, max(period) as last_period
        from judged_loads
        group by reporter_code, form
    ),

    known_loads as (
        select load_id, reporter_code, form
        from judged_loads
        union
        select counting.load_id, counting.reporter_code, counting.form
        from judged_spans
        inner join ops.open_loads as counting
            on judged_spans.reporter_code = counting.reporter_code
            and judged_spans.form = counting.form
            and counting.period >= judged_spans.first_period - interval '{HISTORY} months'
            and counting.period <= judged_spans.last_period
    ),

    totals as (
        select known_loads.load_id, known_loads.reporter_code, known_loads.form, measures.measure,
            sum(measures.value) as total
        from known_loads
        inner join core.agg_measures as measures on known_loads.load_id = measures.load_id
        where not measures.is_subset
        group by known_loads.load_id, known_loads.reporter_code, known_loads.form, measures.measure
        having sum(measures.value) > 0
    ),

    usual as (
        select reporter_code, form, measure, percentile_cont(0.5) within group (order by total) as median
        from totals
        group by reporter_code, form, measure
        having count(*) >= {threshold("thousandfold_months")}
    )
"""


def _totals_unlike_other_months(condition: str, line_condition: str) -> Found:
    """Returns the queries for judged loads whose total is unlike the median of the reporter's months of the last year.

    The cells are those of their lines whose `value` of the measure fulfils the second condition.
    """
    unlike = f"""
        {TOTALS_AND_MEDIANS}
        select
            totals.load_id, totals.form, totals.measure, usual.median,
            {number_vi("totals.total")} || ', thường là ' || {number_vi("usual.median")} as shown
        from judged_loads
        inner join totals on judged_loads.load_id = totals.load_id
        inner join usual
            on totals.reporter_code = usual.reporter_code
            and totals.form = usual.form
            and totals.measure = usual.measure
        where {condition}
    """
    return Found(
        query=f"""
            select
                totals.load_id,
                count(*) as observed,
                string_agg(titles.title || ': ' || totals.shown, '; ' order by totals.measure) as detail
            from ({unlike}) as totals
            inner join {title_of_field()} on totals.form = titles.form and totals.measure = titles.field
            group by totals.load_id
        """,
        cells=" union all ".join(
            f"""
            select facts.load_id, submitted.sheet_name, {ROW} as row_number, totals.measure as field,
                'tổng ' || totals.shown as shown
            from ({unlike}) as totals
            inner join core.fct_{form.name} as facts on totals.load_id = facts.load_id
            left join raw.{form.name} as submitted on facts.load_id = submitted.load_id and facts.line = submitted.line
            cross join lateral (select to_jsonb(facts) as line) as lines
            cross join lateral (select (lines.line ->> totals.measure)::numeric as value) as cells
            where totals.form = '{form.name}'
                and not coalesce((lines.line ->> 'is_subset')::boolean, false)
                and {line_condition}
            """
            for form in submission_forms()
        ),
    )


RULES = (
    Rule(
        name="total_thousandfold",
        number=16,
        gate="loads",
        severity="critical",
        hurts="All other districts: one slipped thousands separator outweighs all of them in the province's figures.",
        message_vi="Tổng của biểu gấp khoảng 1.000 lần các tháng khác của chính đơn vị",
        mend_vi="Có thể nhầm dấu chấm tách hàng nghìn hoặc đơn vị tính: hãy kiểm tra và nhập lại.",
        **_totals_unlike_other_months(
            f"totals.total > {threshold('thousandfold')} * usual.median", "cells.value > totals.median"
        ),
    ),
    Rule(
        name="children_thousandth",
        number=16,
        gate="loads",
        severity="critical",
        hurts="Children of the district: 999 of 1,000 vanish from the province's count of children.",
        message_vi="Số trẻ em chỉ bằng khoảng một phần nghìn các tháng khác của chính đơn vị",
        mend_vi="Có thể số được ghi theo nghìn trẻ: hãy nhập số trẻ em đầy đủ.",
        **_totals_unlike_other_months(f"{IS_THOUSANDTH} and {IS_STOCK}", "cells.value > 0"),
    ),
    Rule(
        name="total_thousandth",
        number=16,
        gate="loads",
        severity="warning",
        hurts="Children: help for a thousand may be written as 1. It is a note, as the month may have been quiet.",
        message_vi="Tổng của biểu chỉ bằng khoảng một phần nghìn các tháng khác của chính đơn vị",
        mend_vi="Nếu số được ghi theo nghìn, hãy nhập số đầy đủ; nếu tháng này ít hoạt động thì không cần sửa.",
        **_totals_unlike_other_months(f"{IS_THOUSANDTH} and not ({IS_STOCK})", "cells.value > 0"),
    ),
)
