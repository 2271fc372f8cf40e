"""Gates 1 and 2: copied numbers, and new numbers for published months."""

from expectations.rule import Rule, attributed, named, number_vi, threshold, title_of_field
from mangnon.contract.figures import attributes
from mangnon.contract.forms import submission_forms

ATTRIBUTES = ", ".join(f"measures.{name}" for name in attributes())
FORMS = ", ".join(f"'{form.name}'" for form in submission_forms())

# The content of a load without its areas: measures by their attributes, smallest first.
SIGNATURES = f"""
    select
        known.load_id, known.reporter_code, known.form, known.period,
        count(*) filter (
            -- Money follows the turns where every turn has its price.
            where measures.value >= {threshold("copied_value_least")} and measures.measure <> 'amount_vnd'
        ) as telling_values,
        string_agg(
            concat_ws('|', measures.measure, {ATTRIBUTES}, measures.is_subset, measures.qualifier, measures.value),
            ';' order by measures.measure, measures.value, {ATTRIBUTES}, measures.is_subset, measures.qualifier
        ) as content
    from (
        select load_id, reporter_code, form, period from judged_loads
        union
        select counting.load_id, counting.reporter_code, counting.form, counting.period
        from ops.open_loads as counting
        where (counting.form, counting.period) in (select form, period from judged_loads)
    ) as known
    inner join core.agg_measures as measures on known.load_id = measures.load_id
    group by known.load_id, known.reporter_code, known.form, known.period
"""

# The new loads of the release, and the loads with other content that readers see in their place until then.
RESTATED = """
    select judged_loads.load_id, judged_loads.form, published.load_id as published_load_id
    from judged_loads
    inner join ops.loads as loads on judged_loads.load_id = loads.load_id
    inner join ops.published_loads as published
        on judged_loads.reporter_code = published.reporter_code
        and judged_loads.form = published.form
        and judged_loads.period = published.period
        and published.until_release = (select ops.visible_release())
    inner join ops.loads as published_loads on published.load_id = published_loads.load_id
    where loads.content_hash is distinct from published_loads.content_hash
"""

RULES = (
    Rule(
        name="copied_from_other_reporter",
        number=21,
        gate="loads",
        severity="warning",
        hurts="Children of the district: another district's numbers are shown in place of theirs.",
        message_vi="Toàn bộ số liệu giống hệt biểu cùng kỳ của đơn vị khác",
        mend_vi="Hãy kiểm tra có gửi nhầm tệp của đơn vị khác không.",
        query=f"""
            with signatures as ({SIGNATURES})

            select
                judged_loads.load_id,
                count(distinct others.reporter_code) as observed,
                {named("'đơn vị ' || others.reporter_code", "others.reporter_code")} as detail
            from judged_loads
            inner join signatures on judged_loads.load_id = signatures.load_id
            inner join signatures as others
                on signatures.form = others.form
                and signatures.period = others.period
                and signatures.content = others.content
                and signatures.reporter_code <> others.reporter_code
            where judged_loads.form in ({FORMS}) and signatures.telling_values >= {threshold("copied_values")}
            group by judged_loads.load_id
        """,
    ),
    Rule(
        name="reason_missing",
        number=22,
        gate="loads",
        severity="warning",
        hurts="The provincial officer: a published figure changes, and nobody can say why.",
        message_vi="Gửi lại làm thay đổi số liệu đã công bố nhưng bìa không ghi “Lý do gửi lại”",
        mend_vi="Hãy cho biết lý do, và ghi “Lý do gửi lại” ở trang bìa từ lần gửi sau.",
        # Newer code that reads the same delivery makes no resubmission. A lower revision replaces nothing.
        query=f"""
            select
                judged_loads.load_id,
                judged_loads.revision as observed,
                'lần gửi ' || judged_loads.revision || ', thay lần gửi ' || replaced.revision as detail
            from judged_loads
            inner join ops.loads as offered on judged_loads.load_id = offered.load_id
            inner join ops.deliveries as deliveries on offered.delivery_id = deliveries.delivery_id
            inner join ops.open_loads as counting
                on judged_loads.reporter_code = counting.reporter_code
                and judged_loads.form = counting.form
                and judged_loads.period = counting.period
            inner join ops.loads as replaced on counting.load_id = replaced.load_id
            where judged_loads.form in ({FORMS})
                and coalesce(trim(deliveries.revision_reason), '') = ''
                and replaced.delivery_id <> offered.delivery_id
                and replaced.revision < judged_loads.revision
                and replaced.content_hash is distinct from offered.content_hash
        """,
    ),
    Rule(
        name="large_restatement",
        number=22,
        gate="release",
        severity="info",
        hurts="Readers of the report: a published figure changes a lot, or any count of abused or injured children.",
        message_vi="Gửi lại làm thay đổi nhiều số liệu đã công bố, hoặc thay đổi số liệu vụ việc",
        mend_vi="Người thứ hai cần xem lại và đồng ý trước khi dùng số mới.",
        query=attributed(f"""
            select
                totals.load_id,
                titles.title || ': ' || {number_vi("totals.published")} || ' thành ' || {number_vi("totals.new")}
                as detail
            from (
                select
                    restated.load_id, restated.form, measures.measure,
                    coalesce(sum(measures.value) filter (where measures.load_id <> restated.load_id), 0) as published,
                    coalesce(sum(measures.value) filter (where measures.load_id = restated.load_id), 0) as new
                from ({RESTATED}) as restated
                inner join core.agg_measures as measures
                    on measures.load_id in (restated.load_id, restated.published_load_id)
                where not measures.is_subset
                group by restated.load_id, restated.form, measures.measure
            ) as totals
            inner join {title_of_field()} on totals.form = titles.form and totals.measure = titles.field
            where totals.form <> 'incidents'
                and abs(totals.new - totals.published) > {threshold("large_restatement")} * totals.published
            union all
            select restated.load_id, 'số liệu vụ việc thay đổi' as detail
            from ({RESTATED}) as restated
            where restated.form = 'incidents'
        """),
    ),
)
