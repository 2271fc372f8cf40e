"""Gate 1: how many children there are, and how many of a group were supported."""

from expectations.rule import Rule, failing_lines, key_of, subsets_above_whole

RULES = (
    Rule(
        name="supported_above_children",
        gate="loads",
        severity="critical",
        hurts="More than 100 % of the children in special circumstances would be supported.",
        message_vi="Số trẻ được trợ giúp lớn hơn số trẻ",
        query=failing_lines(
            "child_population",
            "facts.children_supported > facts.children",
            "facts.children_supported || ' > ' || facts.children",
        ),
    ),
    Rule(
        name="group_above_all_children",
        gate="loads",
        severity="critical",
        hurts="A group of children is larger than all children of the area: every rate per child is wrong.",
        message_vi="Số trẻ của một nhóm lớn hơn số tất cả trẻ em của địa bàn",
        query=failing_lines(
            "child_population",
            f"""
            not facts.is_subset and exists (
                select 1
                from core.fct_child_population as all_children
                where all_children.load_id = facts.load_id
                    and all_children.area_key = facts.area_key
                    and all_children.special_circumstance_key = {key_of("all")}
                    and not all_children.is_subset
                    and all_children.children < facts.children
            )
            """,
            "facts.children || ' trẻ'",
        ),
    ),
    Rule(
        name="child_population_subset_above_whole",
        gate="loads",
        severity="critical",
        hurts='A sex or an age band exceeds its group, or a line "trong đó" has no total and is never counted.',
        message_vi='Dòng "trong đó" lớn hơn dòng tổng cùng địa bàn và nhóm trẻ em',
        query=subsets_above_whole(
            "child_population",
            whole_keys=["area_key", "special_circumstance_key"],
            kinds=[],
            compared={
                "sum(facts.children)": "sum(facts.children)",
                "sum(facts.children_supported)": "coalesce(sum(facts.children_supported), 0)",
            },
        ),
    ),
)
