"""Gate 1: child abuse and injuries, as numbers only."""

from expectations.rule import UNKNOWN_KEY, Rule, failing_lines, subsets_above_whole

RULES = (
    Rule(
        name="victims_below_cases",
        gate="loads",
        severity="critical",
        hurts="Every case has a victim: the number of abused children would be too low, or that of cases.",
        message_vi="Số trẻ là nạn nhân không phù hợp với số vụ",
        query=failing_lines(
            "incidents",
            "facts.victims < facts.cases or (facts.victims > 0 and facts.cases = 0)",
            "facts.victims || ' trẻ, ' || facts.cases || ' vụ'",
        ),
    ),
    Rule(
        name="deaths_above_victims",
        gate="loads",
        severity="critical",
        hurts="More children would have died than were hurt.",
        message_vi="Số trẻ tử vong lớn hơn số trẻ là nạn nhân",
        query=failing_lines(
            "incidents", "facts.deaths > facts.victims", "facts.deaths || ' tử vong, ' || facts.victims || ' nạn nhân'"
        ),
    ),
    Rule(
        name="incidents_subset_above_whole",
        gate="loads",
        severity="critical",
        hurts='Some victims are more than all victims, or a line "trong đó" has no total and is never counted.',
        message_vi='Dòng "trong đó" lớn hơn dòng tổng cùng địa bàn và loại vụ việc',
        query=subsets_above_whole(
            "incidents",
            whole_keys=["area_key", "incident_class"],
            kinds=["abuse_type_key", "injury_cause_key"],
            # A case with a girl and a boy is a case on both lines, so cases are compared line by line.
            compared={
                "max(facts.cases)": "coalesce(sum(facts.cases), 0)",
                "sum(facts.victims)": "coalesce(sum(facts.victims), 0)",
                "sum(facts.deaths)": "coalesce(sum(facts.deaths), 0)",
            },
        ),
    ),
    Rule(
        name="kind_of_other_class",
        gate="loads",
        severity="critical",
        hurts="Abuse would be counted as an injury, or an injury as abuse.",
        message_vi="Hình thức xâm hại ghi cho tai nạn thương tích, hoặc nguyên nhân thương tích ghi cho vụ xâm hại",
        query=failing_lines(
            "incidents",
            f"""
            (facts.incident_class <> 'abuse' and facts.abuse_type_key <> {UNKNOWN_KEY})
            or (facts.incident_class <> 'injury' and facts.injury_cause_key <> {UNKNOWN_KEY})
            """,
            "case facts.incident_class when 'abuse' then 'xâm hại' else 'tai nạn thương tích' end",
        ),
    ),
    Rule(
        name="handled_above_cases",
        gate="loads",
        severity="warning",
        hurts="Cases of earlier months were handled in this one, which is possible, or cases are missing.",
        message_vi="Số vụ đã xử lý lớn hơn số vụ trong kỳ",
        query=failing_lines(
            "incidents",
            "facts.handled_cases > facts.cases",
            "facts.handled_cases || ' đã xử lý, ' || facts.cases || ' vụ'",
        ),
    ),
)
