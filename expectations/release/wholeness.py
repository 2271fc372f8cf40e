"""Gate 2: whether a candidate shows every counting load once, completely, and with all its dimensions."""

from collections.abc import Callable

from expectations.release.published import THIS_MONTH
from expectations.rule import (
    Rule,
    judged_range,
    number_vi,
    threshold,
    title_of_field,
    unattributed,
)
from mangnon.contract.forms import Form, reference_forms, submission_forms

# The dimensions of each form's facts: (table, key).
DIMENSIONS = {
    form.name: [
        ("dim_dates", "date_id"),
        ("dim_reporters", "reporter_code"),
        *((str(field.dimension), field.column) for field in form.dimensions),
    ]
    for form in submission_forms()
}
# The form of the reference data that a dimension is made from; all others are made from the form `codes`.
REFERENCE_FORMS = {table: form.name for form in reference_forms() for table in form.tables}

FORMS = ", ".join(f"'{form.name}'" for form in submission_forms())


# A line "trong đó" can show one number as a total and another one as a part, so two views may have it.
LINES = " union ".join(
    f"""
    select facts.load_id, facts.line
    from judged_loads
    inner join marts.{mart} as facts on judged_loads.load_id = facts.load_id
    where {judged_range("facts")}
    """
    for form in submission_forms()
    for mart in form.marts
)
LINES_SEEN = f"select load_id, count(*) as lines from ({LINES}) as seen group by load_id"

# Measures that the marts show in several columns, because sums over groups of children count children twice.
SPREAD = {
    "children": "coalesce(facts.children, facts.special_children, facts.at_risk_children, facts.group_children)",
    "children_supported": "coalesce(facts.children_supported, facts.group_children_supported)",
}


def column_of(form: Form, measure: str) -> str:
    """Returns SQL: the measure of a line of `facts`, the mart with the form's totals."""
    return SPREAD[measure] if form.name == "child_population" else f"facts.{measure}"


TOTALS_SEEN = " union all ".join(
    f"""
    select facts.load_id, lines.field, sum(lines.value) as total
    from judged_loads
    inner join marts.{form.marts[0]} as facts on judged_loads.load_id = facts.load_id
    cross join lateral (
        values {", ".join(f"('{field}', {column_of(form, field)})" for field in form.totals)}
    ) as lines (field, value)
    {"where not facts.is_subset" if form.has_subsets else ""}
    group by facts.load_id, lines.field
    """
    for form in submission_forms()
    if form.totals
)


def _each_dimension(query: Callable[[str, str, str], str]) -> str:
    return " union all ".join(
        query(dimension, key, mart)
        for form in submission_forms()
        for mart in form.marts
        for dimension, key in DIMENSIONS[form.name]
    )


def _is_orphan(dimension: str, key: str) -> str:
    # No join: PostgreSQL hashes the members once, even if the planner has no statistics of newly filled tables.
    return f"facts.{key} not in (select {key} from marts.{dimension})"


def _new_facts_without(dimension: str, key: str, mart: str) -> str:
    return f"""
        select facts.load_id, '{dimension}' as dimension, count(*) as lines
        from judged_loads
        inner join marts.{mart} as facts on judged_loads.load_id = facts.load_id
        where {judged_range("facts")} and {_is_orphan(dimension, key)}
        group by facts.load_id
    """


def _old_facts_without(dimension: str, key: str, mart: str) -> str:
    # This reads all facts, so it runs only for a release with a new list: `exists` is evaluated once, before the scan.
    list_form = REFERENCE_FORMS.get(dimension, "codes")
    return f"""
        select '{list_form}' as form, '{dimension}' as dimension, count(*) as lines
        from marts.{mart} as facts
        where exists (select 1 from judged_loads where form = '{list_form}')
            and {_is_orphan(dimension, key)}
            and facts.load_id not in (select load_id from judged_loads)
        having count(*) > 0
    """


RULES = (
    Rule(
        name="rows_missing_in_marts",
        number=23,
        gate="release",
        severity="critical",
        hurts="The analyst: rows were lost or doubled between the form and the view that she reads.",
        message_vi="Số dòng trong kho khác số dòng đã nạp",
        mend_vi="Lỗi của hệ thống, không phải của đơn vị báo cáo: người vận hành kho dữ liệu cần kiểm tra.",
        query=f"""
            select
                judged_loads.load_id,
                coalesce(seen.lines, 0) as observed,
                coalesce(seen.lines, 0) || ' dòng, đã nạp ' || loads.rows_loaded as detail
            from judged_loads
            inner join ops.loads as loads on judged_loads.load_id = loads.load_id
            left join ({LINES_SEEN}) as seen on judged_loads.load_id = seen.load_id
            where judged_loads.form in ({FORMS}) and coalesce(seen.lines, 0) <> loads.rows_loaded
        """,
    ),
    Rule(
        name="declared_totals_differ_in_marts",
        number=10,
        gate="release",
        severity="critical",
        hurts="The analyst: her sums of a submission differ from the totals that its reporter declared on the cover.",
        message_vi="Tổng trong kho khác với tổng khai báo ở trang bìa",
        mend_vi="Đây là lỗi của hệ thống: đơn vị không phải sửa gì, cán bộ quản trị kho cần kiểm tra.",
        query=f"""
            select
                declared.load_id,
                count(*) as observed,
                string_agg(
                    coalesce(titles.title, declared.field) || ': khai báo ' || {number_vi("declared.total")}
                    || ', trong kho ' || {number_vi("coalesce(seen.total, 0)")},
                    '; ' order by declared.field
                ) as detail
            from (
                select judged_loads.load_id, judged_loads.form, totals.field, totals.declared::numeric as total
                from judged_loads
                inner join ops.loads as loads on judged_loads.load_id = loads.load_id
                cross join jsonb_each_text(loads.declared_totals) as totals (field, declared)
            ) as declared
            left join ({TOTALS_SEEN}) as seen on declared.load_id = seen.load_id and declared.field = seen.field
            left join {title_of_field()} on declared.form = titles.form and declared.field = titles.field
            where declared.total <> coalesce(seen.total, 0)
            group by declared.load_id
        """,
    ),
    Rule(
        name="fact_without_dimension",
        gate="release",
        severity="critical",
        hurts="The analyst: a dashboard that joins the dimension silently loses these rows.",
        message_vi="Có dòng không tìm thấy trong danh mục",
        mend_vi="Lỗi của hệ thống, không phải của đơn vị báo cáo: người vận hành kho dữ liệu cần kiểm tra.",
        query=f"""
            select
                load_id,
                sum(lines) as observed,
                string_agg(dimension || ' thiếu ' || lines || ' dòng', '; ' order by dimension) as detail
            from ({_each_dimension(_new_facts_without)}) as orphans
            group by load_id
        """,
    ),
    Rule(
        name="dimension_member_lost",
        gate="release",
        severity="critical",
        hurts="The analyst: published facts vanish from every dashboard if the new code list lacks their member.",
        message_vi="Danh mục mới thiếu mã mà số liệu đã công bố đang dùng",
        mend_vi="Hãy thêm lại mã vào danh mục (có thể ghi ngày hết hiệu lực) và gửi lại danh mục.",
        query=f"""
            select
                judged_loads.load_id,
                sum(orphans.lines) as observed,
                string_agg(
                    orphans.dimension || ' thiếu ' || orphans.lines || ' dòng', '; ' order by orphans.dimension
                ) as detail
            from judged_loads
            inner join ({_each_dimension(_old_facts_without)}) as orphans on judged_loads.form = orphans.form
            group by judged_loads.load_id
        """,
    ),
    Rule(
        name="period_in_future",
        number=6,
        gate="release",
        severity="critical",
        hurts="The reporter itself: a mistyped year hides one of its real months, which then counts as missing.",
        message_vi="Kỳ báo cáo ở tương lai",
        mend_vi="Hãy sửa kỳ báo cáo ở trang bìa.",
        query=f"""
            select load_id, to_char(period, 'YYYY-MM') as observed, 'tháng ' || to_char(period, 'MM/YYYY') as detail
            from judged_loads
            where period > {THIS_MONTH}
        """,
    ),
    Rule(
        name="synthetic_among_real",
        gate="release",
        severity="critical",
        hurts="Readers of the report: invented numbers are added to those of real children.",
        message_vi="Dữ liệu mẫu (giả định) không được cộng với số liệu thật",
        mend_vi="Hãy gửi lại không đánh dấu dữ liệu mẫu nếu đây là số liệu thật.",
        query=f"""
            select judged_loads.load_id, 'synthetic' as observed, 'biểu được đánh dấu là dữ liệu mẫu' as detail
            from judged_loads
            inner join ops.loads as loads on judged_loads.load_id = loads.load_id
            inner join ops.deliveries as deliveries on loads.delivery_id = deliveries.delivery_id
            where judged_loads.form in ({FORMS}) and deliveries.is_synthetic and exists (
                select 1
                from ops.visible_loads as counting
                inner join ops.loads as counting_loads on counting.load_id = counting_loads.load_id
                inner join ops.deliveries as real_ones on counting_loads.delivery_id = real_ones.delivery_id
                where counting.form in ({FORMS}) and not real_ones.is_synthetic
            )
        """,
    ),
    Rule(
        name="release_not_described",
        gate="release",
        severity="critical",
        hurts="Readers of the report: they cannot tell which release they see, nor how complete it is.",
        message_vi="Thiếu thông tin mô tả bản phát hành",
        query=unattributed("""
            select 'about_release không có dòng nào' as detail
            where not exists (select 1 from marts.about_release)
        """),
    ),
    Rule(
        name="attendances_above_children",
        number=15,
        gate="release",
        severity="warning",
        hurts="The analyst: more children celebrate than live in the area, so attendances or population must be wrong.",
        message_vi="Lượt trẻ dự lễ nhiều hơn số trẻ em của địa bàn",
        mend_vi="Hãy kiểm tra lượt trẻ dự và số trẻ em của địa bàn.",
        query=f"""
            select
                attended.load_id,
                count(*) as observed,
                string_agg(
                    {number_vi("attended.attendances")} || ' lượt, ' || {number_vi("living.children")} || ' trẻ', '; '
                    order by attended.attendances desc
                ) as detail
            from (
                select facts.load_id, facts.area_version, facts.occasion, sum(facts.attendances) as attendances
                from judged_loads
                inner join marts.fct_beneficiaries as facts on judged_loads.load_id = facts.load_id
                where not facts.is_subset and facts.occasion <> 'not_applicable'
                group by facts.load_id, facts.area_version, facts.occasion
            ) as attended
            inner join (
                select facts.area_version, max(facts.children) as children
                from marts.fct_child_population_monthly as facts
                where facts.sex = 'total'
                    and facts.age_band = 'total'
                    -- A bounded range, found by the index on the day.
                    and facts.date_id >= (select min(period) from judged_loads where form = 'beneficiaries')
                    - interval '1 year'
                    and facts.date_id <= (select max(period) from judged_loads where form = 'beneficiaries')
                group by facts.area_version
            ) as living on attended.area_version = living.area_version
            where attended.attendances > {threshold("attendances_per_child")} * living.children
            group by attended.load_id
        """,
    ),
    Rule(
        name="release_holds_synthetic",
        gate="release",
        severity="info",
        hurts="Readers of the report: they may take the sample for the province's real numbers.",
        message_vi="Bản phát hành có dữ liệu mẫu (giả định)",
        query=f"""
            select
                null::bigint as load_id,
                count(*) as observed,
                count(*) || ' biểu là dữ liệu mẫu' as detail
            from ops.visible_loads as counting
            inner join ops.loads as loads on counting.load_id = loads.load_id
            inner join ops.deliveries as deliveries on loads.delivery_id = deliveries.delivery_id
            where counting.form in ({FORMS}) and deliveries.is_synthetic
            having count(*) > 0
        """,
    ),
)
