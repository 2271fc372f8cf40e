"""Gate 1: what holds for a load of any form."""

from expectations.rule import Rule, failing_lines, number_vi, repeated_lines, threshold, title_of_field
from mangnon.forms import submission_forms

HISTORY = threshold("thousandfold_history")
FORMS = ", ".join(f"'{form.name}'" for form in submission_forms())
FORMS_WITH_AGES = ("beneficiaries", "incidents", "child_population")

# What one line of a form stands for; events have a rule of their own, since two like events on one day are possible.
KEYS = {
    "beneficiaries": [
        "area_key", "date_id", "is_dated", "occasion_key", "support_type_key", "funding_instrument_key",
        "special_circumstance_key", "sex_key", "age_band_key", "is_subset",
    ],
    "incidents": [
        "area_key", "incident_class", "abuse_type_key", "injury_cause_key", "sex_key", "age_band_key", "is_subset",
    ],
    "programme_sites": ["area_key", "programme_key"],
    "child_population": ["area_key", "special_circumstance_key", "sex_key", "age_band_key", "is_subset"],
}  # fmt: skip


def _totals_unlike_other_months(condition: str) -> str:
    """SQL: the judged loads with a total that is unlike the median of the reporter's months of the last year."""
    return f"""
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
            inner join ops.published_loads as counting
                on judged_spans.reporter_code = counting.reporter_code
                and judged_spans.form = counting.form
                and counting.period >= judged_spans.first_period - interval '{HISTORY} months'
                and counting.period <= judged_spans.last_period
                and counting.until_release = 2147483647
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

        select
            totals.load_id,
            count(*) as observed,
            string_agg(
                coalesce(titles.title, totals.measure) || ': ' || {number_vi("totals.total")}
                || ', thường là ' || {number_vi("usual.median")},
                '; '
                order by totals.measure
            ) as detail
        from judged_loads
        inner join totals on judged_loads.load_id = totals.load_id
        inner join usual
            on totals.reporter_code = usual.reporter_code
            and totals.form = usual.form
            and totals.measure = usual.measure
        left join {title_of_field()} on totals.form = titles.form and totals.measure = titles.field
        where {condition}
        group by totals.load_id
    """


RULES = (
    Rule(
        name="rows_refused",
        gate="loads",
        severity="critical",
        hurts="The province's sums miss what the refused rows say, and nobody sees it.",
        message_vi="Biểu có dòng không đọc được",
        query=f"""
            select load_id, rows_refused as observed, rows_refused || '/' || rows_in || ' dòng bị từ chối' as detail
            from judged_loads
            where rows_refused > {threshold("refused_rows_share")} * rows_in
        """,
    ),
    Rule(
        name="declared_totals_differ",
        gate="loads",
        severity="critical",
        hurts="Either the cover or the lines are wrong: a line was lost, entered twice or mistyped.",
        message_vi="Tổng khai báo ở trang bìa khác với tổng các dòng",
        query=f"""
            select
                load_id,
                count(*) as observed,
                string_agg(
                    coalesce(title, field) || ': khai báo ' || {number_vi("declared")}
                    || ', cộng các dòng ' || {number_vi("summed")},
                    '; ' order by field
                ) as detail
            from (
                select
                    judged_loads.load_id,
                    judged_loads.form,
                    totals.field,
                    totals.declared::numeric as declared,
                    coalesce(sum(measures.value), 0) as summed
                from judged_loads
                cross join jsonb_each_text(judged_loads.declared_totals) as totals (field, declared)
                left join core.agg_measures as measures
                    on judged_loads.load_id = measures.load_id
                    and totals.field = measures.measure
                    and not measures.is_subset
                group by judged_loads.load_id, judged_loads.form, totals.field, totals.declared
            ) as totals
            left join {title_of_field()} using (form, field)
            where declared <> summed
            group by load_id
        """,
    ),
    Rule(
        name="lines_repeated",
        gate="loads",
        severity="critical",
        hurts="The same group of children, incidents or sites is counted twice.",
        message_vi="Nhiều dòng cùng một nội dung",
        query=" union all ".join(repeated_lines(form, columns) for form, columns in KEYS.items()),
    ),
    Rule(
        name="total_thousandfold",
        gate="loads",
        severity="critical",
        hurts="A slipped thousands separator outweighs all other reporters of the province together.",
        message_vi="Tổng của biểu gấp khoảng 1.000 lần các tháng khác của chính đơn vị",
        query=_totals_unlike_other_months(f"totals.total > {threshold('thousandfold')} * usual.median"),
    ),
    Rule(
        name="total_thousandth",
        gate="loads",
        severity="warning",
        hurts="Numbers written in thousands; or a month in which little could be done, which is why it is only a note.",
        message_vi="Tổng của biểu chỉ bằng khoảng một phần nghìn các tháng khác của chính đơn vị",
        query=_totals_unlike_other_months(f"totals.total * {threshold('thousandfold')} < usual.median"),
    ),
    Rule(
        name="reason_missing",
        gate="loads",
        severity="warning",
        hurts="Published cells change, and nobody who is asked why can say it.",
        message_vi="Gửi lại làm thay đổi số liệu nhưng bìa không ghi “Lý do gửi lại”",
        # A reading of the same delivery by newer code is no resubmission; a lower revision replaces nothing.
        query=f"""
            select
                judged_loads.load_id,
                judged_loads.revision as observed,
                'lần gửi ' || judged_loads.revision
                || coalesce(', thay lần gửi ' || replaced.revision, '') as detail
            from judged_loads
            inner join ops.loads as offered on judged_loads.load_id = offered.load_id
            inner join ops.deliveries as deliveries on offered.delivery_id = deliveries.delivery_id
            left join ops.published_loads as counting
                on judged_loads.reporter_code = counting.reporter_code
                and judged_loads.form = counting.form
                and judged_loads.period = counting.period
                and counting.until_release = 2147483647
            left join ops.loads as replaced on counting.load_id = replaced.load_id
            where judged_loads.form in ({FORMS})
                and coalesce(trim(deliveries.revision_reason), '') = ''
                and (judged_loads.revision > 1 or replaced.load_id is not null)
                and (
                    replaced.load_id is null
                    or (
                        replaced.delivery_id <> offered.delivery_id
                        and replaced.revision <= judged_loads.revision
                        and replaced.content_hash is distinct from offered.content_hash
                    )
                )
        """,
    ),
    Rule(
        name="adolescents_among_children",
        gate="loads",
        severity="critical",
        hurts="A child is under 16 (Law on Children, art. 1): the province's counts of children would hold others.",
        message_vi="Biểu về trẻ em (dưới 16 tuổi) có dòng của nhóm từ 16 tuổi",
        query=" union all ".join(
            failing_lines(
                form,
                "facts.age_band_key in (select age_band_key from core.dim_age_bands where from_age >= 16)",
                "'từ 16 tuổi'",
            )
            for form in FORMS_WITH_AGES
        ),
    ),
)
