"""Gate 1: the numbers of children, and of supported children, by group."""

from expectations.loads.lines import ROW, failing_lines, lines_of, subsets_above_whole
from expectations.rule import CODES, Rule, attributed, judged_range, number_vi

# Condition on a line: it belongs to one of the 14 legal groups. A child can be in several of them.
LEGAL_GROUPS = f"""
    facts.special_circumstance in (
        select special_circumstance
        from core.dim_special_circumstances
        where load_id = {CODES} and circumstance_kind = 'legal_group'
    )
"""


def _line_of(circumstance: str, relation: str) -> str:
    """Returns SQL: whether the load has a line of that group, for the same area, whose children fulfil the relation."""
    return f"""
        not facts.is_subset and exists (
            select 1
            from core.fct_child_population as others
            where others.load_id = facts.load_id
                and others.area_version = facts.area_version
                and others.special_circumstance = '{circumstance}'
                and not others.is_subset
                and others.children {relation}
                and {judged_range("others")}
        )
    """


# The children supported since the beginning of the year, by area, group and month, each beside the month before.
SUPPORTED = """
    with known as (
        select load_id, reporter_code, period
        from judged_loads
        where form = 'child_population'
        union all
        select counting.load_id, counting.reporter_code, counting.period
        from ops.open_loads as counting
        where counting.form = 'child_population'
            and (counting.reporter_code, extract(year from counting.period)) in (
                select reporter_code, extract(year from period) from judged_loads
            )
            and (counting.reporter_code, counting.period) not in (
                select reporter_code, period from judged_loads where form = 'child_population'
            )
    )

    select
        supported.load_id, supported.area_code, supported.special_circumstance, supported.period, supported.children,
        lag(supported.period) over earlier as earlier_period,
        lag(supported.children) over earlier as earlier_children
    from (
        select
            known.load_id, known.reporter_code, known.period, measures.area_code, measures.special_circumstance,
            sum(measures.value) as children
        from known
        inner join core.agg_measures as measures on known.load_id = measures.load_id
        where measures.measure = 'children_supported' and not measures.is_subset
        group by
            known.load_id, known.reporter_code, known.period, measures.area_code, measures.special_circumstance
    ) as supported
    window earlier as (
        partition by
            supported.reporter_code, supported.area_code, supported.special_circumstance,
            extract(year from supported.period)
        order by supported.period, supported.load_id
    )
"""
FEWER_SUPPORTED = f"""
    select judged_loads.load_id, supported.special_circumstance, supported.area_code,
        {number_vi("supported.earlier_children")} || ' tháng ' || to_char(supported.earlier_period, 'MM') || ', '
        || {number_vi("supported.children")} || ' tháng ' || to_char(supported.period, 'MM') as shown
    from judged_loads
    inner join ({SUPPORTED}) as supported on judged_loads.load_id = supported.load_id
    where supported.children < supported.earlier_children and supported.earlier_period < supported.period
"""
SAME_GROUP = f"""
    inner join ({FEWER_SUPPORTED}) as fewer
        on facts.load_id = fewer.load_id
        and submitted.special_circumstance = fewer.special_circumstance
        and submitted.area = fewer.area_code
"""

RULES = (
    Rule(
        name="supported_above_children",
        number=11,
        gate="loads",
        severity="critical",
        hurts="Children in special circumstances: over 100 % seem to be supported, so nobody looks for the rest.",
        message_vi="Số trẻ được trợ giúp lớn hơn số trẻ",
        mend_vi="Trẻ được trợ giúp là một phần của số trẻ của nhóm: hãy sửa một trong hai số.",
        **failing_lines(
            "child_population",
            "facts.children_supported > facts.children",
            "facts.children_supported || ' > ' || facts.children",
            fields=["children", "children_supported"],
        ),
    ),
    Rule(
        name="supported_fewer_than_before",
        number=23,
        gate="loads",
        severity="critical",
        hurts="Children in special circumstances: the number supported since January falls, so some are not counted.",
        message_vi="Số trẻ được trợ giúp luỹ kế từ đầu năm giảm so với tháng trước",
        mend_vi="Số luỹ kế chỉ có thể giữ nguyên hoặc tăng: hãy sửa tháng này, hoặc gửi lại tháng trước nếu sai.",
        query=attributed(f"select load_id, shown as detail from ({FEWER_SUPPORTED}) as fewer"),
        cells=f"""
            select facts.load_id, submitted.sheet_name, {ROW} as row_number,
                'children_supported' as field, fewer.shown
            from {lines_of("child_population", SAME_GROUP)} and not facts.is_subset
        """,
    ),
    Rule(
        name="group_above_all_children",
        number=18,
        gate="loads",
        severity="critical",
        hurts="The analyst: a group is larger than all children of the area, and every rate per child is wrong.",
        message_vi="Số trẻ của một nhóm lớn hơn số tất cả trẻ em của địa bàn",
        mend_vi="Hãy sửa số trẻ của nhóm hoặc số tất cả trẻ em.",
        **failing_lines(
            "child_population", _line_of("all", "< facts.children"), "facts.children || ' trẻ'", fields=["children"]
        ),
    ),
    Rule(
        name="group_above_special",
        number=18,
        gate="loads",
        severity="warning",
        hurts="Children in special circumstances: one legal group exceeds their total, so some are not counted.",
        message_vi="Số trẻ của một nhóm hoàn cảnh đặc biệt lớn hơn tổng số trẻ em có hoàn cảnh đặc biệt",
        mend_vi="Mỗi trẻ của nhóm cũng là trẻ em có hoàn cảnh đặc biệt: hãy sửa số của nhóm hoặc tổng số.",
        **failing_lines(
            "child_population",
            f"{LEGAL_GROUPS} and {_line_of('special', '< facts.children')}",
            "facts.children || ' trẻ'",
            fields=["children"],
        ),
    ),
    Rule(
        name="groups_below_special",
        number=18,
        gate="loads",
        severity="warning",
        hurts="Children in special circumstances: some are in none of the 14 legal groups, so no programme helps them.",
        message_vi="Các nhóm hoàn cảnh đặc biệt cộng lại ít hơn tổng số trẻ em có hoàn cảnh đặc biệt",
        mend_vi="Mỗi trẻ thuộc ít nhất một trong 14 nhóm: hãy bổ sung nhóm còn thiếu hoặc sửa tổng số.",
        **failing_lines(
            "child_population",
            f"""
            facts.special_circumstance = 'special' and not facts.is_subset
            and facts.children > (
                select sum(groups.children)
                from core.fct_child_population as groups
                where groups.load_id = facts.load_id
                    and groups.area_version = facts.area_version
                    and not groups.is_subset
                    and {judged_range("groups")}
                    and {LEGAL_GROUPS.replace("facts.", "groups.")}
            )
            """,
            "facts.children || ' trẻ'",
            fields=["children"],
        ),
    ),
    Rule(
        name="child_population_subset_above_whole",
        number=11,
        gate="loads",
        severity="critical",
        hurts="The analyst: a sex or an age band exceeds its group, or a part has no whole and is never counted.",
        message_vi='Dòng "trong đó" lớn hơn dòng tổng cùng địa bàn và nhóm trẻ em',
        mend_vi='Dòng "trong đó" không được lớn hơn dòng tổng: hãy sửa số, hoặc thêm dòng tổng còn thiếu.',
        **subsets_above_whole(
            "child_population",
            whole_keys=["area_version", "special_circumstance"],
            kinds=[],
            compared={
                "children": ("sum(facts.children)", "sum(facts.children)"),
                "children_supported": (
                    "sum(facts.children_supported)",
                    "coalesce(sum(facts.children_supported), 0)",
                ),
            },
        ),
    ),
)
