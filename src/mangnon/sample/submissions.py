"""Synthetic submissions of 2019 and 2020, for trying and testing; no other code knows these numbers.

Only the province's totals are real. Those of 2020 come from the published report, as do the incidents of 2019 (the
report says: one injury death and two abuse cases more than in 2020). The number of the province's children comes from a
public page of early 2021.
Everything below these totals is INVENTED: the weights of the districts and hence every number of a district; the
months, except those of Children's Day and Mid-Autumn; the split of support over resolutions and kinds, of people over
groups, of victims and of children over sex, age, kind, cause and legal group. Each cover says that it is a sample, and
so does each sheet of a workbook.

The submissions of 2019 contain only incidents, because nothing else is known of that year. Its victims of abuse are
unknown too.
"""

import random
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from mangnon.contract.code_lists import CodeLists

Row = dict[str, Any]  # field name → value
Rows = dict[tuple[str, int], list[Row]]  # (reporter, month) → lines of one form
Key = TypeVar("Key", bound=Hashable)

PROVINCE = "22"
MERGED_DISTRICT = "204"  # joined Hạ Long, 193, on 1 January 2020

CHILDREN_DAY = date(2020, 6, 1)
MID_AUTUMN = date(2020, 10, 1)
SUMMER = 6  # the month in which the summer classes open

# Invented, in proportions like those of the districts' populations.
WEIGHTS_2019 = {
    "193": 270, "194": 108, "195": 190, "196": 120, "198": 32, "199": 51, "200": 41, "201": 61, "202": 23, "203": 46,
    "204": 52, "205": 173, "206": 145, "207": 7,
}  # fmt: skip
WEIGHTS_2020 = {
    district: weight + (WEIGHTS_2019[MERGED_DISTRICT] if district == "193" else 0)
    for district, weight in WEIGHTS_2019.items()
    if district != MERGED_DISTRICT
}

SESSION_GROUPS = {"child_attendances": 6, "caregiver_attendances": 3, "official_attendances": 1}
TRAINING_GROUPS = {"official_attendances": 4, "collaborator_attendances": 4, "child_attendances": 2}
RESOLUTIONS = {"222/2015/NQ-HĐND": 6, "91/2017/NQ-HĐND": 4}
SUPPORT_SHARES = {"schooling": 35, "health_care": 25, "monthly": 30, "emergency": 10}
SUPPORT_COSTS = {"schooling": 10, "health_care": 14, "monthly": 12, "emergency": 25}
SCHOOL_MODELS = {"202": ("medicinal_plants", 2), "205": ("drug_prevention", 1), "206": ("child_abuse_awareness", 1)}
LEGAL_GROUPS = {
    "a": 60, "b": 30, "c": 30, "d": 1900, "đ": 60, "e": 40, "g": 5, "h": 100, "i": 20, "k": 10, "l": 20, "m": 5,
    "n": 800, "o": 45,
}  # fmt: skip
VICTIM_SEXES = {"female": 7, "male": 3}
VICTIM_AGES = {"00-05": 2, "06-10": 3, "11-15": 5}
ABUSE_TYPES = {"sexual_abuse": 6, "violence": 3, "neglect": 1}
INJURY_CAUSES = {"drowning": 6, "traffic": 3, "fall": 1}


@dataclass(frozen=True)
class Submission:
    """A reporter's forms for one month. `lines` maps the name of a form to its lines, each field name → value."""

    reporter: str
    period: date
    lines: dict[str, list[Row]]


def submissions() -> Iterator[Submission]:
    """Yields all submissions, one per reporter and month: 14 districts in 2019; 13, and provincial bodies, in 2020."""
    incidents_2019 = _incidents(2019, WEIGHTS_2019, abuse_cases=28, injury_deaths=29)
    yield from _monthly_submissions(2019, {"incidents": incidents_2019}, WEIGHTS_2019)
    district_forms = {
        "events": _district_events(),
        "beneficiaries": _beneficiaries(),
        "incidents": _incidents(2020, WEIGHTS_2020, abuse_cases=26, injury_deaths=28, abuse_victims=30),
        "programme_sites": _district_sites(),
        "child_population": _child_population(),
    }
    yield from _monthly_submissions(2020, district_forms, WEIGHTS_2020)
    for reporter, forms in _provincial_forms().items():
        yield from _monthly_submissions(2020, forms, [reporter])


def _monthly_submissions(year: int, forms: Mapping[str, Rows], reporters: Iterable[str]) -> Iterator[Submission]:
    for reporter in reporters:
        for month in range(1, 13):
            lines = {form: table.get((reporter, month), []) for form, table in forms.items()}
            yield Submission(reporter, date(year, month, 1), lines)


def share(total: int, weights: Mapping[Key, float]) -> dict[Key, int]:
    """Splits `total` into whole parts in proportion to the weights, by largest remainders. The parts add up to it."""
    whole = sum(weights.values())
    exact = {key: total * weight / whole for key, weight in weights.items()}
    parts = {key: int(part) for key, part in exact.items()}
    for key in sorted(exact, key=lambda key: parts[key] - exact[key])[: total - sum(parts.values())]:
        parts[key] += 1
    return parts


def _share_by_month(subject: str, total: int, districts: Mapping[str, float]) -> dict[tuple[str, int], int]:
    """Splits `total` over the districts by weight, and over each district's months by chance."""
    chance = random.Random(subject)
    return {
        (district, month): part
        for district, of_district in share(total, districts).items()
        for month, part in share(of_district, {month: 0.5 + chance.random() for month in range(1, 13)}).items()
    }


def _district_events() -> Rows:
    lines: Rows = {}
    for event_type, events, attendances, groups in (
        ("communication", 232, 49_980, SESSION_GROUPS),
        ("training", 109, 8_641, TRAINING_GROUPS),
    ):
        chance = random.Random(event_type)
        counts = {key: count for key, count in _share_by_month(event_type, events, WEIGHTS_2020).items() if count}
        people = share(attendances, {key: count * (0.7 + 0.6 * chance.random()) for key, count in counts.items()})
        for (district, month), count in counts.items():
            line = {"area": district, "event_type": event_type, "event_count": count}
            line |= {"attendances": people[district, month], **share(people[district, month], groups)}
            lines.setdefault((district, month), []).append(line)
    return lines


def _beneficiaries() -> Rows:
    lines = _resolution_support()
    for district, presents in _presents("children_day", CHILDREN_DAY, 200_000, 12_000_000).items():
        # "trên 200.000 trẻ", "trên 12 tỷ": both are lower bounds.
        presents |= {"children": presents["support_turns"], "qualifier": "gte"}
        lines[district, CHILDREN_DAY.month].append(presents)
    attendances = share(207_485, WEIGHTS_2020)
    for district, presents in _presents("mid_autumn", MID_AUTUMN, 16_512, 4_989_000).items():
        celebration = {"area": district, "support_date": MID_AUTUMN, "occasion": "mid_autumn"}
        celebration |= {"attendances": attendances[district]}
        presents |= {"is_subset": True, "attendances": presents["support_turns"]}
        lines[district, MID_AUTUMN.month] += [celebration, presents]
    return lines


def _presents(occasion: str, day: date, turns: int, thousand_vnd: int) -> dict[str, Row]:
    """Returns one line per district: its presents on the day of the occasion."""
    turns_by_district = share(turns, WEIGHTS_2020)
    money = share(thousand_vnd, turns_by_district)
    return {
        district: {
            "area": district,
            "support_date": day,
            "occasion": occasion,
            "support_type": "gift",
            "support_turns": turns_by_district[district],
            "amount_vnd": money[district] * 1000,
        }
        for district in WEIGHTS_2020
    }


def _resolution_support() -> Rows:
    """Returns the support under the two resolutions. Which one pays for which kind is unknown, so each pays for all."""
    split = {
        (resolution, kind): RESOLUTIONS[resolution] * part
        for resolution in RESOLUTIONS
        for kind, part in SUPPORT_SHARES.items()
    }
    turns = {
        (*district_month, *resolution_kind): part
        for district_month, of_month in _share_by_month("support", 13_303, WEIGHTS_2020).items()
        for resolution_kind, part in share(of_month, split).items()
        if part
    }
    money = share(17_316_469, {key: part * SUPPORT_COSTS[key[3]] for key, part in turns.items()})
    lines: Rows = {(district, month): [] for district in WEIGHTS_2020 for month in range(1, 13)}
    for key, part in turns.items():
        district, month, resolution, kind = key
        line = {"area": district, "support_type": kind, "funding_instrument": resolution}
        lines[district, month].append(line | {"support_turns": part, "amount_vnd": money[key] * 1000})
    return lines


def _incidents(
    year: int, districts: Mapping[str, float], abuse_cases: int, injury_deaths: int, abuse_victims: int | None = None
) -> Rows:
    """Returns a total line per class, even if it is zero, and its lines "trong đó" where the victims are known."""
    cases = _share_by_month(f"abuse {year}", abuse_cases, districts)
    deaths = _share_by_month(f"injury {year}", injury_deaths, districts)
    # The report has more victims than cases, so some cases get a second victim.
    victims = None
    if abuse_victims is not None:
        second_victims = share(abuse_victims - abuse_cases, {key: count for key, count in cases.items() if count})
        victims = {key: count + second_victims.get(key, 0) for key, count in cases.items()}
    chance = random.Random(f"victims {year}")
    lines: Rows = {}
    for district, month in cases:
        abuse = {"area": district, "incident_class": "abuse", "cases": cases[district, month]}
        injury = {"area": district, "incident_class": "injury", "deaths": deaths[district, month]}
        lines[district, month] = [abuse, injury]
        if victims is not None:
            abuse["victims"] = victims[district, month]
            lines[district, month] += _parts(abuse, "victims", "abuse_type", ABUSE_TYPES, chance)
            lines[district, month] += _parts(injury, "deaths", "injury_cause", INJURY_CAUSES, chance)
    return lines


def _parts(total: Row, measure: str, attribute: str, members: Mapping[str, float], chance: random.Random) -> list[Row]:
    """Returns the lines "trong đó" of a total line. Together they have the whole of its measure."""
    children = Counter(
        tuple(chance.choices(list(shares), list(shares.values()))[0] for shares in (members, VICTIM_SEXES, VICTIM_AGES))
        for _ in range(total[measure])
    )
    return [
        {"area": total["area"], "incident_class": total["incident_class"], "is_subset": True}
        | {attribute: member, "sex": sex, "age_band": age_band, measure: count}
        for (member, sex, age_band), count in sorted(children.items())
    ]


def _district_sites() -> Rows:
    # Each district gets one team first, so that none has zero.
    teams = share(198 - len(WEIGHTS_2020), WEIGHTS_2020)
    lines: Rows = {}
    for district in WEIGHTS_2020:
        sites = {"mang_non_team": teams[district] + 1, "participation_club": 1}
        if district in SCHOOL_MODELS:
            programme, schools = SCHOOL_MODELS[district]
            sites[programme] = schools
        for month in range(1, 13):
            # Classes that were opened this summer stay in the year's later snapshots.
            opened = sites | ({"summer_talent_classes": 1} if month >= SUMMER else {})
            lines[district, month] = [
                {"area": district, "programme": programme, "site_count": count} for programme, count in opened.items()
            ]
    return lines


def _child_population() -> Rows:
    """Returns snapshots. By the end of the year all children in special circumstances are supported, as was planned."""
    everyone = share(325_219, WEIGHTS_2020)
    special = share(3_125, WEIGHTS_2020)
    at_risk = share(15_822, WEIGHTS_2020)
    lines: Rows = {}
    for district in WEIGHTS_2020:
        fixed = [
            {"special_circumstance": "all", "children": everyone[district]},
            *(
                {"special_circumstance": "all", "sex": sex, "is_subset": True, "children": count}
                for sex, count in share(everyone[district], {"female": 48, "male": 52}).items()
            ),
            {"special_circumstance": "at_risk", "children": at_risk[district]},
            *(
                {"special_circumstance": group, "children": count}
                for group, count in share(special[district], LEGAL_GROUPS).items()
            ),
        ]
        for month in range(1, 13):
            supported = {"children_supported": special[district] * month // 12, "target_pct": 100}
            whole = {"special_circumstance": "special", "children": special[district]} | supported
            lines[district, month] = [{"area": district} | line for line in [whole, *fixed]]
    return lines


def _provincial_forms() -> dict[str, dict[str, Rows]]:
    """Returns what the provincial bodies did themselves: reporter → form → lines. In most months that is nothing."""
    council: Row = {"area": PROVINCE, "event_type": "council_meeting", "programme": "childrens_council"}
    council |= {"event_count": 1, "attendances": 34, "child_attendances": 34}
    council_members = {"area": PROVINCE, "programme": "childrens_council", "site_count": 1, "member_count": 34}
    forum: Row = {"area": PROVINCE, "event_type": "forum", "programme": "provincial_forum", "event_count": 1}
    # 13 districts and the protection facility
    forum |= {"attendances": 106, "child_attendances": 90, "official_attendances": 16, "delegations": 14}
    womens_union_forum: Row = {"area": PROVINCE, "event_type": "forum", "programme": "womens_union_forum"}
    womens_union_forum |= {"event_count": 1, "qualifier": "gte"}
    models = [
        # The report's list of models ends with "…": there are more than it names.
        {"area": PROVINCE, "programme": model.code, "site_count": 1, "qualifier": "gte"}
        for model in CodeLists.from_package().members("programmes", date(2020, 1, 1))
        if model.kind == "child_protection_model"
    ]
    return {
        "SLDTBXH": {
            "events": {("SLDTBXH", 7): [forum]},
            "programme_sites": {("SLDTBXH", month): models for month in range(1, 13)},
        },
        "HLHPN": {
            "events": {
                ("HLHPN", month): [womens_union_forum | {"attendances": people}]
                for month, people in ((5, 700), (9, 600), (11, 700))
            }
        },
        "TINHDOAN": {
            "events": {("TINHDOAN", 6): [council], ("TINHDOAN", 12): [council]},
            "programme_sites": {("TINHDOAN", month): [council_members] for month in range(1, 13)},
        },
    }
