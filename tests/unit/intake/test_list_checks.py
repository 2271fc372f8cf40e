"""What must hold within a list of reference data, and between it and the others."""

from datetime import date
from typing import Any

import pytest

from mangnon.contract.code_lists import packaged_rows
from mangnon.contract.forms import all_forms, reference_forms
from mangnon.intake.list_checks import problems_of

Lists = dict[str, list[dict[str, Any]]]


@pytest.fixture
def lists() -> Lists:
    """The lists of the package, typed as they are read. Rows are counted from 1, without cover and header."""
    return {
        form.name: [_typed(form.name, number, row) for number, row in _numbered(form.name)]
        for form in reference_forms()
    }


def _numbered(form: str) -> Any:
    return enumerate(packaged_rows(form), start=1)


def _typed(form: str, number: int, row: dict[str, str]) -> dict[str, Any]:
    fields = all_forms()[form].fields
    dates = {field.name for field in fields if field.type == "date"}
    typed = {
        name: date.fromisoformat(value) if value and name in dates else value or None for name, value in row.items()
    }
    return typed | {"row_number": number}


@pytest.mark.parametrize("form", [form.name for form in reference_forms()])
def test_the_lists_of_the_package_are_right(lists: Lists, form: str) -> None:
    assert problems_of(all_forms()[form], lists) == []


@pytest.mark.parametrize(
    ("form", "number", "change", "words"),
    [
        ("codes", 2, {"code": "communication"}, "Dòng 2: “event_types communication” đã có ở dòng 1."),
        ("codes", 1, {"list": "colours"}, "Dòng 1, cột “list”: không có danh mục tên “colours”."),
        ("codes", 1, {"code": "unknown"}, "mã “unknown” dành riêng cho hệ thống."),
        ("codes", 1, {"valid_from": date(2020, 1, 1), "valid_until": date(2020, 1, 1)}, "2020-01-01 phải sau ngày"),
        ("areas", 1, {"parent_code": "99"}, "cột “parent_code”: danh mục địa bàn không có mã “99”."),
        ("reporters", 1, {"reporter_code": "_office"}, "mã “_office” dành riêng cho hệ thống."),
        ("reporters", 1, {"area_code": "999"}, "cột “area_code”: danh mục địa bàn không có mã “999”."),
        ("reporters", 1, {"expected_forms": "events parties"}, "không có biểu báo cáo tên “parties”."),
        ("successions", 1, {"from_valid_from": date(2016, 1, 1)}, "“193” với ngày bắt đầu có hiệu lực 01/01/2016."),
        ("figures", 1, {"form": "figures"}, "không có biểu báo cáo tên “figures”."),
        ("figures", 1, {"measure": "parties"}, "cột “measure”: biểu “events” không có cột số tên “parties”."),
        ("figures", 1, {"measure": "qualifier"}, "biểu “events” không có cột số tên “qualifier”."),
        ("figures", 1, {"distinct_of": "support_type"}, "biểu “events” không có cột “support_type”."),
        ("figures", 1, {"incident_class": "abuse"}, "biểu “events” không có cột “incident_class”."),
        ("figures", 1, {"event_type": "hội"}, "cột “event_type”: danh mục không có mã “hội”."),
        ("figures", 1, {"rate_population": "adults"}, "cột “rate_population”: danh mục không có mã “adults”."),
        ("figures", 1, {"compared_figure": "F99"}, "không có chỉ tiêu “F99”."),
    ],
)  # fmt: skip
def test_an_error_is_named_with_its_row_and_column(
    lists: Lists, form: str, number: int, change: dict[str, Any], words: str
) -> None:
    lists[form][number - 1] |= change
    problems = problems_of(all_forms()[form], lists)
    assert any(words in problem.message for problem in problems), [problem.message for problem in problems]
    assert {problem.severity for problem in problems} == {"critical"}
    assert number in {problem.row for problem in problems}


def test_two_versions_of_an_area_may_not_overlap(lists: Lists) -> None:
    first, second = [row for row in lists["areas"] if row["area_code"] == "193"][:2]
    first["valid_until"] = None
    (problem,) = problems_of(all_forms()["areas"], lists)
    assert (problem.rule, problem.row, problem.values["other_row"]) == (
        "list_spans_overlap", second["row_number"], first["row_number"],
    )  # fmt: skip
