"""Gate 1: a new list of reference data against what readers see."""

from expectations.release.wholeness import DIMENSIONS, REFERENCE_FORMS
from expectations.rule import Rule
from mangnon.contract.code_lists import REFERENCE_REPORTER


def _facts_without(form: str, dimension: str, key: str) -> str:
    # It reads all facts, but once for each new list: without one the lateral part is never run.
    return f"""
        select new_lists.load_id, '{dimension}' as dimension, orphans.lines
        from (
            select load_id from judged_loads
            where reporter_code = '{REFERENCE_REPORTER}' and form = '{REFERENCE_FORMS.get(dimension, "codes")}'
        ) as new_lists
        cross join lateral (
            select count(*) as lines
            from core.fct_{form} as facts
            where facts.load_id in (select load_id from ops.open_loads where form = '{form}')
                and facts.{key} not in (select {key} from core.{dimension} where load_id = new_lists.load_id)
        ) as orphans
        where orphans.lines > 0
    """


FACTS_WITHOUT = " union all ".join(
    _facts_without(form, dimension, key)
    for form, dimensions in DIMENSIONS.items()
    for dimension, key in dimensions
    if dimension != "dim_dates"  # the calendar is no list
)

RULES = (
    Rule(
        name="list_lacks_used_code",
        gate="loads",
        severity="critical",
        hurts="All reporters: files with that code are refused, and published facts would vanish from every dashboard.",
        message_vi="Danh mục mới thiếu mã mà số liệu đang được tính đã dùng",
        mend_vi="Hãy thêm lại mã vào danh mục (có thể ghi ngày hết hiệu lực) và nạp lại danh mục.",
        query=f"""
            select
                load_id,
                sum(lines) as observed,
                string_agg(dimension || ' thiếu ' || lines || ' dòng', '; ' order by dimension) as detail
            from ({FACTS_WITHOUT}) as orphans
            group by load_id
        """,
    ),
)
