"""Gate 1: events and who attended them."""

from expectations.rule import Rule, failing_lines, key_of, repeated_lines, threshold

KEYS = ("area_key", "date_id", "is_dated", "event_type_key", "programme_key")
PARTS = ("child_attendances", "caregiver_attendances", "official_attendances", "collaborator_attendances")
SUM_OF_PARTS = " + ".join(f"coalesce(facts.{part}, 0)" for part in PARTS)
IS_TRAINING = f"facts.event_type_key = {key_of('training')}"

RULES = (
    Rule(
        name="attendances_below_parts",
        gate="loads",
        severity="critical",
        hurts="The attendances of the province are less than those of its children and officials.",
        message_vi="Tổng lượt người tham dự nhỏ hơn tổng các thành phần",
        query=failing_lines(
            "events",
            f"facts.qualifier = 'eq' and facts.attendances < {SUM_OF_PARTS}",
            f"facts.attendances || ' < ' || {SUM_OF_PARTS}",
        ),
    ),
    Rule(
        name="event_without_attendances",
        gate="loads",
        severity="warning",
        hurts="Averages per event are wrong: an event without people, or people without an event.",
        message_vi="Có hoạt động mà không có người tham dự, hoặc ngược lại",
        query=failing_lines(
            "events",
            "(facts.event_count > 0) <> (facts.attendances > 0)",
            "facts.event_count || ' hoạt động, ' || facts.attendances || ' lượt'",
        ),
    ),
    Rule(
        name="attendances_per_event_unusual",
        gate="loads",
        severity="warning",
        hurts="Several events on one line, or a slip of the pen, in the figures of communication and training.",
        message_vi="Số lượt người tham dự mỗi hoạt động khác thường",
        query=failing_lines(
            "events",
            f"""
            facts.event_count > 0 and facts.attendances > 0 and (
                facts.attendances < facts.event_count * case when {IS_TRAINING}
                    then {threshold("training_attendances_least")} else {threshold("attendances_per_event_least")} end
                or facts.attendances > facts.event_count * case when {IS_TRAINING}
                    then {threshold("training_attendances_most")} else {threshold("attendances_per_event_most")} end
            )
            """,
            "facts.attendances || ' lượt / ' || facts.event_count || ' hoạt động'",
        ),
    ),
    Rule(
        name="attendances_per_event_impossible",
        gate="loads",
        severity="critical",
        hurts="A slipped thousands separator outweighs all other events of the year.",
        message_vi="Số lượt người tham dự mỗi hoạt động không thể có",
        query=failing_lines(
            "events",
            f"facts.attendances > greatest(facts.event_count, 1) * {threshold('attendances_per_event_impossible')}",
            "facts.attendances || ' lượt / ' || facts.event_count || ' hoạt động'",
        ),
    ),
    Rule(
        name="events_repeated",
        gate="loads",
        severity="warning",
        hurts="An event entered twice is counted twice; two like events on one day are possible, so it is only a note.",
        message_vi="Nhiều dòng giống hệt nhau",
        query=repeated_lines("events", [*KEYS, "event_count", "attendances", *PARTS, "delegations"]),
    ),
)
