"""For each rule of gate 1: submissions that break it, and submissions that just keep it."""

from dataclasses import dataclass

from support.ledger_by_hand import Sent, code_list

MID_AUTUMN = {"occasion": "mid_autumn"}
PART = {"is_subset": True}
RESOLUTION = {"support_type": "schooling", "funding_instrument": "222/2015/NQ-HĐND", "support_turns": 1}
INJURY = {"incident_class": "injury"}
SPECIAL = {"special_circumstance": "special"}
# Five numbers of two digits: two reporters do not send the same five by chance.
TELLING = {
    "event_count": 10, "attendances": 60, "child_attendances": 20, "official_attendances": 20,
    "caregiver_attendances": 20,
}  # fmt: skip
# Loads that count already: rules compare later months of the same reporter with them.
USUAL_MONTHS = [
    *(
        Sent("events", [{"area": "194", "attendances": 1_000}], "194", f"2019-0{month}-01", revision=1 + (month == 5))
        for month in range(1, 7)
    ),
    *(
        Sent("child_population", [{"area": "196", "children": 1_000}], "196", f"2019-0{month}-01")
        for month in range(1, 7)
    ),
    *(
        Sent("child_population", [SPECIAL | {"area": reporter, "children_supported": 5}], reporter, "2020-01-01")
        for reporter in ("194", "195")
    ),
    Sent("child_population", [SPECIAL | {"area": "198", "children_supported": 9}], "198", "2019-12-01"),
    Sent("events", [TELLING | {"area": "205"}], "205", "2018-05-01"),
]  # fmt: skip


def events(*lines: dict) -> Sent:
    return Sent("events", list(lines))


def beneficiaries(*lines: dict) -> Sent:
    return Sent("beneficiaries", list(lines))


def incidents(*lines: dict) -> Sent:
    return Sent("incidents", list(lines))


def child_population(*lines: dict) -> Sent:
    return Sent("child_population", list(lines))


def paid(turns: int, amount_vnd: int, support_type: str | None = None) -> Sent:
    return beneficiaries({"support_type": support_type, "support_turns": turns, "amount_vnd": amount_vnd})


@dataclass(frozen=True)
class Case:
    broken: list[Sent]
    fine: list[Sent]


def for_province(*numbers: tuple[str, int]) -> Sent:
    """Lines of areas by a body of the province, each with its number of sessions of 100 people."""
    lines = [{"area": area, "event_count": count, "attendances": 100 * count} for area, count in numbers]
    return Sent("events", lines, "SLDTBXH")


CASES = {
    "area_is_sum_of_parts": Case(
        broken=[
            for_province(("22", 5), ("193", 2), ("194", 3)),
            Sent(
                "events",
                [
                    {"area": "22", "attendances": 300},
                    {"area": "193", "attendances": 100, "event_count": 0},
                    {"area": "194", "attendances": 200},
                    {"area": "194", "attendances": 70, "event_type": "training"},
                ],
                "SLDTBXH",
                "2020-04-01",
            ),
        ],
        fine=[for_province(("22", 6), ("193", 2), ("194", 3)), for_province(("22", 2), ("193", 2))],
    ),
    "rows_refused": Case(
        broken=[Sent("events", [{}], rows_refused=1)],
        fine=[events({})],
    ),
    "declared_totals_differ": Case(
        broken=[
            Sent("events", [{}], declared_totals={"event_count": 1, "attendances": 101}),
            Sent("incidents", [{"cases": 1}], declared_totals={"deaths": 1}),
        ],
        fine=[
            Sent("events", [{}], declared_totals={"event_count": 1, "attendances": 100}),
            Sent("incidents", [{"cases": 1}], declared_totals={"deaths": 0}),
            Sent(
                "beneficiaries",
                [MID_AUTUMN | {"attendances": 60}, MID_AUTUMN | PART | {"attendances": 40}],
                declared_totals={"attendances": 60},
            ),
        ],
    ),
    "lines_repeated": Case(
        broken=[
            beneficiaries(MID_AUTUMN | {"attendances": 1}, MID_AUTUMN | {"attendances": 2}),
            incidents({"cases": 1}, {"cases": 2}),
            Sent("programme_sites", [{}, {}]),
            child_population({}, {}),
        ],
        fine=[
            beneficiaries(MID_AUTUMN, MID_AUTUMN | {"support_date": "2020-03-02"}),
            incidents({"cases": 1}, INJURY),
            Sent("programme_sites", [{}, {"programme": "participation_club"}]),
            child_population({}, {"special_circumstance": "special"}),
        ],
    ),
    "total_thousandfold": Case(
        broken=[Sent("events", [{"area": "194", "event_count": 300, "attendances": 500_001}], "194", "2019-08-01")],
        fine=[Sent("events", [{"area": "194", "event_count": 300, "attendances": 500_000}], "194", "2019-09-01")],
    ),
    "total_thousandth": Case(
        broken=[Sent("events", [{"area": "194", "attendances": 1}], "194", "2019-10-01")],
        fine=[Sent("events", [{"area": "194", "attendances": 2}], "194", "2019-11-01")],
    ),
    "children_thousandth": Case(
        broken=[Sent("child_population", [{"area": "196", "children": 1}], "196", "2019-08-01")],
        fine=[
            Sent("child_population", [{"area": "196", "children": 2}], "196", "2019-09-01"),
            Sent("events", [{"area": "194", "attendances": 1}], "194", "2019-12-01"),  # events have quiet months
        ],
    ),
    "copied_from_other_reporter": Case(
        broken=[
            Sent("events", [TELLING | {"area": "206"}], "206", "2018-05-01"),  # copies a load that counts already
            Sent("events", [TELLING | {"area": "195"}], "195", "2018-06-01"),  # copies a load of the same batch
            Sent("events", [TELLING | {"area": "196"}], "196", "2018-06-01"),
        ],
        fine=[
            Sent("events", [TELLING | {"area": "207", "attendances": 61}], "207", "2018-05-01"),
            Sent("events", [TELLING | {"area": "206"}], "206", "2018-07-01"),  # another month
            Sent("events", [TELLING | {"area": "198", "event_count": 9}], "198", "2018-08-01"),
            Sent("events", [TELLING | {"area": "199", "event_count": 9}], "199", "2018-08-01"),
        ],
    ),
    "reason_missing": Case(
        broken=[Sent("events", [{"area": "194", "attendances": 1_001}], "194", "2019-02-01", revision=2)],
        fine=[
            Sent("events", [{}], revision=2),  # nothing was published
            # Two contents of one revision are no resubmission: the ledger holds both.
            Sent("events", [{"area": "194", "attendances": 1_001}], "194", "2019-01-01"),
            Sent(
                "events", [{"area": "194", "attendances": 1_001}], "194", "2019-03-01", revision=2,
                revision_reason="sửa số lượt",
            ),
            Sent("events", [{"area": "194", "attendances": 1_000}], "194", "2019-04-01", revision=2),
            Sent("events", [{"area": "194", "attendances": 1_001}], "194", "2019-05-01", revision=1),
            code_list("codes", revision=20991231),
        ],
    ),
    "personal_data_in_reason": Case(
        broken=[
            Sent("events", [{}], revision_reason=reason)
            for reason in (
                "Hỏi lại số 0912.345.678", "gọi 0333 345 678", "theo +84 912 345 678", "CCCD 022 199 001 234",
                "CMND: 100123456", "hỏi lan.nguyen@example.org",
            )
        ],
        fine=[
            Sent("events", [{}], revision_reason=reason)
            for reason in (
                "sửa 498.900.000 thành 84.912.345.678 đồng", "theo công văn 375/LĐTBXH-TE ngày 23/02/2021",
                "cộng 012345678 sai", "từ 12 xuống 0", "dòng 3@4 nhập trùng",
            )
        ],
    ),
    "personal_data_column": Case(
        broken=[
            Sent("incidents", [{}], ignored_columns=["Ghi chú", header])
            for header in ("Họ và tên", "HỌ TÊN TRẺ", "Ho ten", "Số CCCD", "Điện thoại", "Địa chỉ", "Ngày sinh")
        ],
        fine=[
            Sent("incidents", [{}], ignored_columns=["Ghi chú", "STT", "Tên trường", "Người lập biểu", "Địa điểm"]),
            Sent("incidents", [{}]),
        ],
    ),
    "adolescents_among_children": Case(
        broken=[
            beneficiaries({"age_band": "16-17"}),
            incidents({"cases": 1}, PART | {"age_band": "16-17", "cases": 1}),
            child_population({"age_band": "16-17"}),
        ],
        fine=[beneficiaries({"age_band": "11-15"}), child_population({"age_band": "11-15"})],
    ),
    "attendances_below_parts": Case(
        broken=[events({"child_attendances": 60, "caregiver_attendances": 41})],
        fine=[
            events({"child_attendances": 60, "official_attendances": 30, "collaborator_attendances": 10}),
            events({"child_attendances": 101, "qualifier": "gte"}),
        ],
    ),
    "event_without_attendances": Case(
        broken=[events({"attendances": 0}), events({"event_count": 0})],
        fine=[events({"event_count": 0, "attendances": 0})],
    ),
    "attendances_per_event_unusual": Case(
        broken=[
            events({"event_count": 2, "attendances": 9}),
            events({"attendances": 2_001}),
            events({"event_type": "training", "attendances": 9}),
            events({"event_type": "training", "attendances": 201}),
        ],
        fine=[
            events({"event_count": 2, "attendances": 10}, {"attendances": 2_000}),
            events({"event_type": "training", "attendances": 10}, {"event_type": "training", "attendances": 200}),
        ],
    ),
    "attendances_per_event_impossible": Case(
        broken=[events({"attendances": 50_001})],
        fine=[events({"attendances": 50_000})],
    ),
    "events_repeated": Case(
        broken=[events({}, {})],
        fine=[events({}, {"attendances": 101})],
    ),
    "beneficiaries_subset_above_whole": Case(
        broken=[
            beneficiaries(MID_AUTUMN | {"attendances": 100}, MID_AUTUMN | PART | {"support_turns": 101}),
            beneficiaries(
                MID_AUTUMN | {"attendances": 100},
                MID_AUTUMN | PART | {"attendances": 60, "sex": "female"},
                MID_AUTUMN | PART | {"attendances": 41, "sex": "male"},
            ),
            beneficiaries(MID_AUTUMN | {"attendances": 100}, PART | {"support_turns": 1}),
            beneficiaries(MID_AUTUMN | {"amount_vnd": 100_000}, MID_AUTUMN | PART | {"children": 1}),
        ],
        fine=[
            beneficiaries(MID_AUTUMN | {"attendances": 100}, MID_AUTUMN | PART | {"support_turns": 100}),
            beneficiaries(
                MID_AUTUMN | {"attendances": 100},
                MID_AUTUMN | PART | {"attendances": 60, "sex": "female"},
                MID_AUTUMN | PART | {"attendances": 40, "sex": "male"},
                MID_AUTUMN | PART | {"attendances": 100, "age_band": "00-05"},
            ),
            beneficiaries(
                MID_AUTUMN | {"attendances": 100, "qualifier": "gte"}, MID_AUTUMN | PART | {"attendances": 101}
            ),
        ],
    ),
    "amount_without_children": Case(
        broken=[beneficiaries({"amount_vnd": 1_000_000, "support_turns": 0})],
        fine=[beneficiaries({"amount_vnd": 1_000_000, "children": 10}), beneficiaries({"amount_vnd": 0})],
    ),
    "support_without_amount": Case(
        broken=[beneficiaries(RESOLUTION), beneficiaries(RESOLUTION | {"amount_vnd": 0})],
        fine=[beneficiaries(RESOLUTION | {"amount_vnd": 2_000}, {"support_turns": 1}, RESOLUTION | PART)],
    ),
    "vnd_per_turn_unusual": Case(
        broken=[
            paid(10, 99_990),
            paid(10, 20_000_010, "gift"),
            paid(10, 499_990, "schooling"),
            paid(1, 20_000_001, "monthly"),
            paid(1, 200_000_001, "health_care"),
        ],
        fine=[
            paid(10, 100_000),
            paid(10, 20_000_000, "gift"),
            paid(10, 500_000, "schooling"),
            paid(1, 20_000_000, "monthly"),
            paid(1, 200_000_000, "health_care"),
        ],
    ),
    "vnd_per_turn_impossible": Case(
        broken=[paid(10, 19_990), paid(1, 20_000_001), paid(10, 19_990, "monthly"), paid(1, 1_000_000_001, "monthly")],
        fine=[paid(10, 20_000), paid(1, 20_000_000), paid(10, 20_000, "monthly"), paid(1, 1_000_000_000, "monthly")],
    ),
    "funding_instrument_not_valid": Case(
        broken=[
            Sent("beneficiaries", [RESOLUTION], period="2021-01-01"),
            Sent("beneficiaries", [RESOLUTION], period="2015-12-01"),
        ],
        fine=[
            Sent("beneficiaries", [RESOLUTION], period="2020-12-01"),
            Sent("beneficiaries", [RESOLUTION | {"funding_instrument": "91/2017/NQ-HĐND"}], period="2021-01-01"),
        ],
    ),
    "victims_below_cases": Case(
        broken=[incidents({"cases": 2, "victims": 1}), incidents({"cases": 0, "victims": 1})],
        fine=[incidents({"cases": 2, "victims": 2}, INJURY | {"cases": 2})],
    ),
    "cases_or_victims_missing": Case(
        broken=[incidents({"cases": 1}), incidents({"victims": 1})],
        fine=[incidents({"cases": 1, "victims": 1}, INJURY | {"cases": 1}), incidents({"cases": 0}), incidents({})],
    ),
    "abuse_type_missing": Case(
        broken=[incidents({"cases": 1, "victims": 1}, PART | {"victims": 1, "sex": "female"})],
        fine=[
            incidents({"cases": 1, "victims": 1}, PART | {"victims": 1, "abuse_type": "violence"}),
            incidents({"cases": 0, "victims": 0}, INJURY | {"cases": 1, "victims": 1}),
            incidents({"cases": 1}),  # the victims are not known either
        ],
    ),
    "deaths_above_victims": Case(
        broken=[incidents(INJURY | {"victims": 1, "deaths": 2})],
        fine=[incidents(INJURY | {"victims": 2, "deaths": 2}, {"deaths": 1})],
    ),
    "incidents_subset_above_whole": Case(
        broken=[
            incidents({"cases": 1, "victims": 2}, PART | {"victims": 3, "abuse_type": "violence"}),
            incidents({"cases": 1, "victims": 2}, PART | INJURY | {"victims": 1}),
        ],
        fine=[
            incidents(
                {"cases": 1, "victims": 2},
                PART | {"cases": 1, "victims": 1, "sex": "female"},
                PART | {"cases": 1, "victims": 1, "sex": "male"},
                PART | {"victims": 2, "abuse_type": "violence"},
                PART | {"victims": 2, "abuse_type": "neglect"},
            )
        ],
    ),
    "kind_of_other_class": Case(
        broken=[
            incidents(INJURY | {"abuse_type": "violence", "cases": 1}),
            incidents({"injury_cause": "drowning", "cases": 1}),
        ],
        fine=[incidents(INJURY | {"injury_cause": "drowning"}, {"abuse_type": "violence"})],
    ),
    "handled_above_cases": Case(
        broken=[incidents({"cases": 1, "handled_cases": 2})],
        fine=[incidents({"cases": 2, "handled_cases": 2})],
    ),
    "supported_above_children": Case(
        broken=[child_population({"children": 10, "children_supported": 11})],
        fine=[child_population({"children": 10, "children_supported": 10})],
    ),
    "supported_fewer_than_before": Case(
        broken=[
            Sent("child_population", [SPECIAL | {"area": "194", "children_supported": 4}], "194", "2020-02-01"),
        ],
        fine=[
            Sent("child_population", [SPECIAL | {"area": "195", "children_supported": 5}], "195", "2020-02-01"),
            Sent("child_population", [SPECIAL | {"area": "195"}], "195", "2020-03-01"),  # blank is not zero
            Sent("child_population", [SPECIAL | {"area": "198", "children_supported": 0}], "198", "2020-01-01"),
        ],
    ),
    "group_above_all_children": Case(
        broken=[child_population({}, {"special_circumstance": "at_risk", "children": 101})],
        fine=[child_population({}, {"special_circumstance": "at_risk"})],
    ),
    "group_above_special": Case(
        broken=[child_population(SPECIAL | {"children": 10}, {"special_circumstance": "d", "children": 11})],
        fine=[
            child_population(SPECIAL | {"children": 10}, {"special_circumstance": "d", "children": 10}),
            child_population(SPECIAL | {"children": 10}, {"special_circumstance": "at_risk", "children": 11}),
        ],
    ),
    "groups_below_special": Case(
        broken=[child_population(SPECIAL | {"children": 10}, {"special_circumstance": "d", "children": 9})],
        fine=[
            child_population(
                SPECIAL | {"children": 10}, {"special_circumstance": "d", "children": 9},
                {"special_circumstance": "đ", "children": 1},
            ),
            child_population(SPECIAL | {"children": 10}),
        ],
    ),
    "child_population_subset_above_whole": Case(
        broken=[
            child_population(
                {}, PART | {"sex": "female", "children": 60}, PART | {"sex": "male", "children": 41}
            ),
            child_population({}, PART | {"special_circumstance": "d", "children": 1}),
        ],
        fine=[
            child_population(
                {}, PART | {"sex": "female", "children": 60}, PART | {"sex": "male", "children": 40}
            )
        ],
    ),
    "list_lacks_used_code": Case(
        broken=[code_list("codes", without="special", revision=2)], fine=[code_list("areas", revision=2)]
    ),
}  # fmt: skip
