"""Gate 1: child abuse and injuries, as numbers only."""

from expectations.loads.lines import failing_lines, subsets_above_whole
from expectations.rule import Rule, judged_range

CLASS = "case facts.incident_class when 'abuse' then 'xâm hại' else 'tai nạn thương tích' end"

RULES = (
    Rule(
        name="victims_below_cases",
        number=12,
        gate="loads",
        severity="critical",
        hurts="Abused children: every case has a victim, so either the victims or the cases are counted too low.",
        message_vi="Số trẻ là nạn nhân không phù hợp với số vụ",
        mend_vi="Mỗi vụ có ít nhất một trẻ là nạn nhân, và có nạn nhân thì có vụ: hãy sửa số vụ hoặc số trẻ.",
        **failing_lines(
            "incidents",
            "facts.victims < facts.cases or (facts.victims > 0 and facts.cases = 0)",
            "facts.victims || ' trẻ, ' || facts.cases || ' vụ'",
            fields=["cases", "victims"],
        ),
    ),
    Rule(
        name="cases_or_victims_missing",
        number=12,
        gate="loads",
        severity="warning",
        hurts="Abused children: cases are published without their victims, or victims without a case.",
        message_vi="Vụ xâm hại chỉ ghi số vụ hoặc chỉ ghi số trẻ",
        mend_vi="Hãy ghi cả số vụ và số trẻ là nạn nhân; để trống nghĩa là không biết, không phải là 0.",
        **failing_lines(
            "incidents",
            """
            facts.incident_class = 'abuse' and not facts.is_subset
            and ((facts.cases > 0 and facts.victims is null) or (facts.victims > 0 and facts.cases is null))
            """,
            "coalesce(facts.cases || ' vụ', 'số vụ để trống') || ', ' "
            "|| coalesce(facts.victims || ' trẻ', 'số trẻ để trống')",
            fields=["cases", "victims"],
        ),
    ),
    Rule(
        name="abuse_type_missing",
        number=12,
        gate="loads",
        severity="warning",
        hurts="Abused children: nobody can see what kind of harm is done in the district, and help is planned blindly.",
        message_vi="Có trẻ bị xâm hại nhưng không dòng nào ghi hình thức xâm hại",
        mend_vi="Hãy thêm các dòng “trong đó” theo hình thức xâm hại.",
        **failing_lines(
            "incidents",
            f"""
            facts.incident_class = 'abuse' and not facts.is_subset
            and facts.victims > 0
            and not exists (
                select 1
                from core.fct_incidents as kinds
                where kinds.load_id = facts.load_id
                    and kinds.area_version = facts.area_version
                    and kinds.abuse_type not in ('total', 'not_applicable')
                    and {judged_range("kinds")}
            )
            """,
            "facts.victims || ' trẻ'",
            fields=["abuse_type"],
        ),
    ),
    Rule(
        name="deaths_above_victims",
        number=12,
        gate="loads",
        severity="critical",
        hurts="Injured children and readers of the report: more children seem to have died than were hurt.",
        message_vi="Số trẻ tử vong lớn hơn số trẻ là nạn nhân",
        mend_vi="Trẻ tử vong cũng là nạn nhân: hãy sửa số trẻ tử vong hoặc số trẻ là nạn nhân.",
        **failing_lines(
            "incidents",
            "facts.deaths > facts.victims",
            "facts.deaths || ' tử vong, ' || facts.victims || ' nạn nhân'",
            fields=["victims", "deaths"],
        ),
    ),
    Rule(
        name="incidents_subset_above_whole",
        number=11,
        gate="loads",
        severity="critical",
        hurts="The analyst: a part of the victims exceeds all victims, or a part has no whole and is never counted.",
        message_vi='Dòng "trong đó" lớn hơn dòng tổng cùng địa bàn và loại vụ việc',
        mend_vi='Dòng "trong đó" không được lớn hơn dòng tổng: hãy sửa số, hoặc thêm dòng tổng còn thiếu.',
        **subsets_above_whole(
            "incidents",
            whole_keys=["area_version", "incident_class"],
            kinds=["abuse_type", "injury_cause"],
            # A case with a girl and a boy is on both lines, so the cases of such lines are not added up.
            compared={
                "cases": ("max(facts.cases)", "coalesce(sum(facts.cases), 0)"),
                "victims": ("sum(facts.victims)", "coalesce(sum(facts.victims), 0)"),
                "deaths": ("sum(facts.deaths)", "coalesce(sum(facts.deaths), 0)"),
            },
        ),
    ),
    Rule(
        name="kind_of_other_class",
        gate="loads",
        severity="critical",
        hurts="Abused and injured children: abuse is counted as an injury, or an injury as abuse.",
        message_vi="Hình thức xâm hại ghi cho tai nạn thương tích, hoặc nguyên nhân thương tích ghi cho vụ xâm hại",
        mend_vi="Hãy sửa loại vụ việc, hoặc xoá hình thức hay nguyên nhân ghi nhầm.",
        **failing_lines(
            "incidents",
            """
            (facts.incident_class <> 'abuse' and facts.abuse_type <> 'not_applicable')
            or (facts.incident_class <> 'injury' and facts.injury_cause <> 'not_applicable')
            """,
            CLASS,
            fields=["incident_class"],
        ),
    ),
    Rule(
        name="handled_above_cases",
        gate="loads",
        severity="warning",
        hurts="Abused children: cases may be missing. It is a note, as cases of earlier months can be handled now.",
        message_vi="Số vụ đã xử lý lớn hơn số vụ trong kỳ",
        mend_vi="Nếu gồm cả vụ của tháng trước thì không cần sửa; nếu thiếu vụ trong kỳ, hãy bổ sung.",
        **failing_lines(
            "incidents",
            "facts.handled_cases > facts.cases",
            "facts.handled_cases || ' đã xử lý, ' || facts.cases || ' vụ'",
            fields=["handled_cases"],
        ),
    ),
)
