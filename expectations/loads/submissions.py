"""Gate 1: the rules for loads of any form."""

from expectations.loads.lines import failing_lines, key_of_line, repeated_lines, together
from expectations.rule import Rule, number_vi, threshold, title_of_field
from mangnon.contract.forms import submission_forms

FORMS_WITH_AGES = [form.name for form in submission_forms() if any(field.name == "age_band" for field in form.fields)]
# Events have a rule of their own, since two events on a day may be equal.
WITHOUT_LIKE_LINES = [form for form in submission_forms() if form.name != "events"]

RULES = (
    Rule(
        name="rows_refused",
        gate="loads",
        severity="critical",
        hurts="Children in the refused rows: the province's sums lack them, and nobody sees it.",
        message_vi="Biểu có dòng không đọc được",
        mend_vi="Hãy sửa các ô được nêu và gửi lại cả biểu.",
        query=f"""
            select load_id, rows_refused as observed, rows_refused || '/' || rows_in || ' dòng bị từ chối' as detail
            from judged_loads
            where rows_refused > {threshold("refused_rows_share")} * rows_in
        """,
    ),
    Rule(
        name="declared_totals_differ",
        number=10,
        gate="loads",
        severity="critical",
        hurts="The provincial officer, who cannot tell whether the cover or the lines are right.",
        message_vi="Tổng khai báo ở trang bìa khác với tổng các dòng",
        mend_vi="Hãy kiểm tra từng dòng (thiếu, trùng, nhầm số) rồi sửa dòng sai hoặc tổng ở trang bìa.",
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
                -- If rows of the form were refused, the sum cannot be right, and the reader has said what to mend.
                where judged_loads.rows_refused = 0
                group by judged_loads.load_id, judged_loads.form, totals.field, totals.declared
            ) as totals
            left join {title_of_field()} using (form, field)
            where declared <> summed
            group by load_id
        """,
    ),
    Rule(
        name="lines_repeated",
        number=21,
        gate="loads",
        severity="critical",
        hurts="The analyst: the same group of children, incidents or sites is counted twice.",
        message_vi="Nhiều dòng cùng một nội dung",
        mend_vi="Hãy gộp thành một dòng, hoặc ghi cột phân biệt các dòng (ngày, dịp, giới tính, nhóm tuổi).",
        **together(*(repeated_lines(form.name, key_of_line(form)) for form in WITHOUT_LIKE_LINES)),
    ),
    Rule(
        name="adolescents_among_children",
        number=19,
        gate="loads",
        severity="critical",
        hurts="Children, who by law are under 16 (Law on Children, art. 1): their number includes others.",
        message_vi="Biểu về trẻ em (dưới 16 tuổi) có dòng của nhóm từ 16 tuổi",
        mend_vi="Hãy xoá dòng của nhóm từ 16 tuổi và bớt số đó khỏi dòng tổng.",
        **together(
            *(
                failing_lines(
                    form,
                    "facts.age_band in (select age_band from core.dim_age_bands where from_age >= 16)",
                    "'từ 16 tuổi'",
                    fields=["age_band"],
                )
                for form in FORMS_WITH_AGES
            )
        ),
    ),
)
