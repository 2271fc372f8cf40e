"""The lists of areas and of successions: every row says where it comes from, and another source agrees."""

import csv
import re
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import pytest

from mangnon.contract.code_lists import REFERENCE_FOLDER, CodeLists, packaged_rows

CROSSWALK = Path(__file__).parents[2] / "fixtures" / "communes_2025.csv"
NEW_BORDERS = "2025-07-01"
TITLES = {"ward": "Phường ", "commune": "Xã ", "township": "Thị trấn ", "special_zone": "Đặc khu "}


@pytest.fixture(scope="module")
def crosswalk() -> list[dict[str, str]]:
    with CROSSWALK.open(encoding="utf-8") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def versions(valid_from: str) -> dict[str, dict[str, str]]:
    """The communes whose version begins on that day, by code."""
    rows = packaged_rows("areas")
    return {row["area_code"]: row for row in rows if row["valid_from"] == valid_from and len(row["area_code"]) == 5}


@pytest.mark.parametrize("form", ["areas", "successions"])
def test_every_row_says_where_it_comes_from(form):
    explained = (REFERENCE_FOLDER / "README.md").read_text(encoding="utf-8")
    sources = {row["source"] for row in packaged_rows(form)}

    derived = {source for source in sources if source.startswith("derived from the communes of ")}
    assert {source.removeprefix("derived from the communes of ") for source in derived} <= sources
    for source in sources - derived:
        assert f"`{source}`" in explained, source


def test_communes_of_2025_replace_those_of_2024():
    old, new = versions("2024-11-01"), versions(NEW_BORDERS)

    assert {row["valid_until"] for row in old.values()} == {NEW_BORDERS}
    assert {(row["valid_until"], row["parent_code"], row["legal_act"]) for row in new.values()} == {
        ("", "22", "1679/NQ-UBTVQH15")
    }
    assert {row["area_type"] for row in old.values()} == {"ward", "commune", "township"}
    assert Counter(row["area_type"] for row in new.values()) == {"ward": 30, "commune": 22, "special_zone": 2}
    for row in (*old.values(), *new.values()):
        assert row["name"].startswith(TITLES[row["area_type"]])


def test_communes_agree_with_another_source(crosswalk):
    old, new = versions("2024-11-01"), versions(NEW_BORDERS)

    assert {code: row["parent_code"] for code, row in old.items()} == {
        row["old_code"]: row["old_district_code"] for row in crosswalk
    }
    assert set(new) == {row["new_code"] for row in crosswalk}
    assert {code: row["name"] for code, row in new.items()} == {row["new_code"]: row["new_name"] for row in crosswalk}
    # Hoà and Hòa are two ways of writing one name.
    assert {code: row["name"] for code, row in old.items()} == {
        row["old_code"]: re.sub("Hoà$", "Hòa", row["old_name"]) for row in crosswalk
    }
    assert (len(old), len(new)) == (171, 54)
    assert set(new) <= set(old), "every new code names another area before 2025-07"


def test_successions_agree_with_another_source(crosswalk):
    rows = [row for row in packaged_rows("successions") if len(row["from_code"]) == 5]

    assert {(row["from_code"], row["to_code"]): row["method"] for row in rows} == {
        (row["old_code"], row["new_code"]): {"full": "exact", "partial": "estimated"}[row["type"]] for row in crosswalk
    }
    assert len(rows) == 184


def test_weights_are_never_guessed():
    rows = packaged_rows("successions")

    assert {(row["method"], row["weight"]) for row in rows} == {("exact", "1"), ("estimated", "")}


def test_a_district_went_as_a_whole_only_to_a_commune_of_its_own(crosswalk):
    communes = defaultdict(set)
    for row in crosswalk:
        communes[row["old_district_code"]].add(row["new_code"])
    rows = [
        row for row in packaged_rows("successions") if len(row["from_code"]) == 3 and row["effective_on"] == NEW_BORDERS
    ]

    assert {(row["from_code"], row["to_code"]) for row in rows} == {
        (district, code) for district, codes in communes.items() for code in codes
    }
    assert {row["from_code"]: row["to_code"] for row in rows if row["method"] == "exact"} == {
        "203": "06994",
        "207": "07192",
    }


def test_every_succession_leads_from_a_version_to_a_version():
    areas = {(row["area_code"], row["valid_from"]): row for row in packaged_rows("areas")}

    for row in packaged_rows("successions"):
        assert areas[row["from_code"], row["from_valid_from"]]["valid_until"] == row["effective_on"]
        assert (row["to_code"], row["effective_on"]) in areas


def test_a_district_does_not_report_by_ward():
    lists = CodeLists.from_package()

    for period, codes in ((date(2025, 6, 1), ["193"]), (date(2020, 6, 1), ["193"])):
        assert [area.code for area in lists.areas_of(lists.reporters["193"], period)] == codes
    body = lists.reporters["SLDTBXH"]
    assert len(lists.areas_of(body, date(2025, 6, 1))) == 1 + 13
    assert len(lists.areas_of(body, date(2025, 7, 1))) == 1 + 54
