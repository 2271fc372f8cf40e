"""Gate 1: events and their attendances."""

from expectations.loads.lines import failing_lines, key_of_line, repeated_lines
from expectations.rule import Rule, threshold
from mangnon.contract.forms import all_forms

EVENTS = all_forms()["events"]
PARTS = ("child_attendances", "caregiver_attendances", "official_attendances", "collaborator_attendances")
SUM_OF_PARTS = " + ".join(f"coalesce(facts.{part}, 0)" for part in PARTS)
IS_TRAINING = "facts.event_type = 'training'"
SHOWN = "facts.attendances || ' lượt / ' || facts.event_count || ' hoạt động'"
BANDS = (
    f"{threshold('attendances_per_event_least')}-{threshold('attendances_per_event_most')} lượt, một lớp tập huấn "
    f"{threshold('training_attendances_least')}-{threshold('training_attendances_most')} lượt"
)

RULES = (
    Rule(
        name="attendances_below_parts",
        number=10,
        gate="loads",
        severity="critical",
        hurts="The provincial officer: total attendances are fewer than those of children and officials together.",
        message_vi="Tổng lượt người tham dự nhỏ hơn tổng các thành phần",
        mend_vi="Tổng phải bằng hoặc lớn hơn tổng các cột “Trong đó”: hãy sửa tổng hoặc sửa các thành phần.",
        **failing_lines(
            "events",
            f"facts.qualifier = 'eq' and facts.attendances < {SUM_OF_PARTS}",
            f"facts.attendances || ' < ' || {SUM_OF_PARTS}",
            fields=["attendances"],
        ),
    ),
    Rule(
        name="event_without_attendances",
        number=13,
        gate="loads",
        severity="warning",
        hurts="The analyst: an event without people, or people without an event, make averages per event wrong.",
        message_vi="Có hoạt động mà không có người tham dự, hoặc ngược lại",
        mend_vi="Hãy ghi đủ cả số buổi, lớp, cuộc và tổng lượt người, hoặc xoá dòng nếu không tổ chức.",
        **failing_lines(
            "events",
            "(facts.event_count > 0) <> (facts.attendances > 0)",
            "facts.event_count || ' hoạt động, ' || facts.attendances || ' lượt'",
            fields=["event_count", "attendances"],
        ),
    ),
    Rule(
        name="attendances_per_event_unusual",
        number=13,
        gate="loads",
        severity="warning",
        hurts="The provincial officer: the figures of communication contain a slip, or several events as one.",
        message_vi="Số lượt người tham dự mỗi hoạt động khác thường",
        mend_vi=f"Thường một hoạt động có {BANDS}: hãy kiểm tra lại số hoạt động và số lượt.",
        **failing_lines(
            "events",
            f"""
            facts.event_count > 0 and facts.attendances > 0 and (
                facts.attendances < facts.event_count * case when {IS_TRAINING}
                    then {threshold("training_attendances_least")} else {threshold("attendances_per_event_least")} end
                or facts.attendances > facts.event_count * case when {IS_TRAINING}
                    then {threshold("training_attendances_most")} else {threshold("attendances_per_event_most")} end
            )
            """,
            SHOWN,
            fields=["event_count", "attendances"],
        ),
    ),
    Rule(
        name="attendances_per_event_impossible",
        number=13,
        gate="loads",
        severity="critical",
        hurts="All other districts: one slipped thousands separator outweighs their events of the whole year.",
        message_vi="Số lượt người tham dự mỗi hoạt động không thể có",
        mend_vi="Có thể nhầm dấu chấm tách hàng nghìn: hãy nhập lại số lượt.",
        **failing_lines(
            "events",
            f"facts.attendances > greatest(facts.event_count, 1) * {threshold('attendances_per_event_impossible')}",
            SHOWN,
            fields=["attendances"],
        ),
    ),
    Rule(
        name="events_repeated",
        number=21,
        gate="loads",
        severity="warning",
        hurts="The analyst: an event entered twice counts twice. It is a note, as two equal events on a day can be.",
        message_vi="Nhiều dòng giống hệt nhau",
        mend_vi="Nếu nhập trùng, hãy xoá dòng thừa; nếu đúng là nhiều hoạt động giống nhau thì không cần sửa.",
        **repeated_lines("events", [*key_of_line(EVENTS), *EVENTS.measures]),
    ),
)
