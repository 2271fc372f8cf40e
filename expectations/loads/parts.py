"""Gate 1: lines of an area beside lines of its parts."""

from expectations.loads.lines import ROW, Found, key_of_line, lines_of, together
from expectations.rule import AREAS, Rule, named
from mangnon.contract.forms import Form, submission_forms

# Of a single part every number is the sum, so it says nothing.
FEWEST_PARTS = 2


def sums_of_parts(form: Form) -> Found:
    """Returns the queries for judged loads with a line whose numbers are all the sums of lines of the area's parts.

    The parts are all lines of the parts, or those of the same kind. A line without a number above 0 is no sum.
    """
    measures = [field.name for field in form.fields if field.type in ("integer", "number")]
    kinds = [key for key in key_of_line(form) if key not in ("area_version", "date_id", "is_dated", "is_subset")]
    whole = "and not facts.is_subset" if "is_subset" in key_of_line(form) else ""
    areas = f"inner join core.dim_areas as areas on facts.area_version = areas.area_version and areas.load_id = {AREAS}"
    columns = ", ".join(f"facts.{column}" for column in (*kinds, *measures))
    are_sums = " and ".join(f"(wholes.{name} is null or wholes.{name} = sum(parts.{name}))" for name in measures)
    is_number = f"greatest({', '.join(f'wholes.{name}' for name in measures)}) > 0"
    grouped = ", ".join(f"wholes.{name}" for name in ("load_id", "line", "sheet_name", "row_number", *measures))
    same_kind = " ".join(f"and wholes.{kind} is not distinct from parts.{kind}" for kind in kinds)
    sums = " union ".join(
        f"""
        select wholes.load_id, wholes.sheet_name, wholes.row_number
        from lines as wholes
        inner join lines as parts
            on wholes.load_id = parts.load_id and wholes.area_code = parts.parent_code {condition}
        group by {grouped}
        having count(*) >= {FEWEST_PARTS} and {is_number} and {are_sums}
        """
        for condition in ("", same_kind)
    )
    found = f"""
        with lines as (
            select
                facts.load_id, facts.line, submitted.sheet_name, {ROW} as row_number,
                areas.area_code, areas.parent_code, {columns}
            from {lines_of(form.name, areas)} {whole}
        )
        {sums}
    """
    return Found(
        query=f"""
            select load_id, count(*) as observed, {named("'dòng ' || row_number", "row_number")} as detail
            from ({found}) as sums
            group by load_id
        """,
        cells=f"""
            select load_id, sheet_name, row_number, 'area' as field, 'bằng tổng các địa bàn trực thuộc' as shown
            from ({found}) as sums
        """,
    )


RULES = (
    Rule(
        name="area_is_sum_of_parts",
        gate="loads",
        severity="critical",
        hurts="Readers of the report: each child is counted twice, in its district and in the province's sum.",
        message_vi="Dòng của địa bàn cấp trên bằng tổng các dòng của địa bàn trực thuộc",
        mend_vi=(
            "Đây có phải là dòng cộng không? Nếu phải, hãy xoá hoặc ghi “Tổng cộng” thay cho tên địa bàn; "
            "nếu là số riêng của cấp trên, hãy tách thành từng hoạt động, từng loại."
        ),
        **together(*map(sums_of_parts, submission_forms())),
    ),
)
