"""The workbook that officers fill in."""

import re
from datetime import date, datetime

import openpyxl
import pytest

from mangnon.contract.code_lists import CodeLists
from mangnon.contract.forms import all_forms, submission_forms
from mangnon.contract.template import write_template

MARCH = date(2020, 3, 1)


@pytest.fixture(scope="module")
def code_lists() -> CodeLists:
    return CodeLists.from_package()


@pytest.fixture
def write(tmp_path, code_lists):
    """Write a template and open it again: the workbook with formulas."""

    def written(reporter, period=MARCH, **arguments):
        path = tmp_path / "template.xlsx"
        write_template(path, code_lists.reporters[reporter], period, code_lists, **arguments)
        return openpyxl.load_workbook(path)

    return written


def offered(workbook, form_name, field_name):
    """The labels in the drop-down of a column."""
    source = validation(workbook, form_name, field_name).formula1
    sheet, cells = re.fullmatch(r"'(.+)'!(.+)", source).groups()
    letter, first, last = re.fullmatch(r"\$(\w+)\$(\d+)(?::\$\w+\$(\d+))?", cells).groups()
    return [cell.value for cell in workbook[sheet][letter][int(first) - 1 : int(last or first)]]


def validation(workbook, form_name, field_name):
    form = all_forms()[form_name]
    column = [field.name for field in form.fields].index(field_name) + 1
    found = [
        entry
        for entry in workbook[form.title].data_validations.dataValidation
        if any(area.min_col <= column <= area.max_col and area.min_row == 4 for area in entry.sqref.ranges)
    ]
    assert len(found) == 1
    return found[0]


def declared_totals(workbook):
    """(form title, field title) → (whether sent, total), from the table on the cover."""
    rows = workbook["Bìa"].iter_rows(min_row=12, max_col=4, values_only=True)
    return {(form, title): (sent, total) for form, sent, title, total in rows if title}


def recalculated(workbook, formula):
    """What a spreadsheet program makes of `=SUM(…)` or `=SUM(…)-SUMIFS(…)`."""

    def column(reference):
        sheet, letter, first = re.fullmatch(r"'(.+)'!\$(\w+)\$(\d+):\$\w+\$1048576", reference).groups()
        return [cell.value for cell in workbook[sheet][letter][int(first) - 1 :]]

    whole, subset = re.fullmatch(r"=SUM\((.+?)\)(?:-SUMIFS\((.+),\"x\"\))?", formula).groups()
    total = sum(value or 0 for value in column(whole))
    if subset:
        values, marks = (column(reference) for reference in subset.split(","))
        total -= sum(value or 0 for value, mark in zip(values, marks, strict=True) if mark == "x")
    return total


def test_a_district_gets_all_five_forms_and_a_provincial_body_its_own(write):
    titles = [form.title for form in submission_forms()]

    assert write("193").sheetnames == ["Bìa", "Hướng dẫn", *titles, "Danh mục"]
    assert write("HLHPN").sheetnames == ["Bìa", "Hướng dẫn", "Hoạt động", "Danh mục"]


def test_the_cover_says_who_and_when_and_offers_every_expected_form(write):
    workbook = write("193")
    cover = dict(workbook["Bìa"].iter_rows(min_row=4, max_row=9, max_col=2, values_only=True))

    assert cover["Mã đơn vị báo cáo *"] == "193"
    assert cover["Kỳ báo cáo (năm-tháng) *"] == "2020-03"
    assert cover["Lần gửi *"] == 1
    assert not cover["Dữ liệu mẫu (giả định)"]
    assert not any(says for says, _ in declared_totals(workbook).values()), "a default would be no statement"
    (offers,) = {rule.formula1 for rule in workbook["Bìa"].data_validations.dataValidation if rule.type == "list"}
    assert offers == '"có số liệu,không phát sinh,chưa có"'


def test_drop_downs_offer_what_is_valid_in_the_month(write):
    assert offered(write("193"), "events", "area") == ["Thành phố Hạ Long"]
    assert "Huyện Hoành Bồ" in offered(write("SLDTBXH", date(2019, 12, 1)), "events", "area")
    assert "Huyện Hoành Bồ" not in offered(write("SLDTBXH", date(2020, 1, 1)), "events", "area")
    assert len(offered(write("193", date(2020, 12, 1)), "beneficiaries", "funding_instrument")) == 2
    assert len(offered(write("193", date(2021, 1, 1)), "beneficiaries", "funding_instrument")) == 1


def test_drop_downs_show_vietnamese_labels_and_the_lists_are_hidden(write):
    workbook = write("193")

    assert offered(workbook, "incidents", "incident_class") == ["xâm hại trẻ em", "tai nạn thương tích"]
    assert offered(workbook, "incidents", "is_subset") == ["x"]
    assert offered(workbook, "child_population", "special_circumstance")[3] == "Trẻ em mồ côi cả cha và mẹ"
    assert workbook["Danh mục"].sheet_state == "hidden"


@pytest.mark.parametrize("form", submission_forms(), ids=lambda form: form.name)
def test_headers_mark_what_is_required_and_stay_in_view(write, form):
    sheet = write("193")[form.title]

    for cell, field in zip(sheet[3], form.fields, strict=True):
        assert cell.value.startswith(field.title)
        assert (" *" in cell.value) == field.required
        assert cell.value.endswith(f" ({field.unit})" if field.unit else cell.value)
    assert len({cell.fill.fgColor.rgb for cell in sheet[3]}) == 2
    assert sheet.freeze_panes == "A4"


def test_numbers_and_dates_are_limited_and_formatted(write):
    workbook = write("193")
    day = validation(workbook, "beneficiaries", "support_date")
    money = validation(workbook, "beneficiaries", "amount_vnd")
    percent = validation(workbook, "child_population", "target_pct")

    assert (day.type, int(day.formula1), int(day.formula2)) == ("date", 43891, 43921)  # 1 and 31 March 2020
    assert "03/2020" in day.error
    assert (money.type, money.operator, money.formula1) == ("whole", "greaterThanOrEqual", "0")
    assert "bằng đồng" in money.error
    assert (percent.type, percent.formula1, percent.formula2) == ("decimal", "0", "100")


def test_lines_are_written_as_an_officer_would(write):
    line = {"area": "193", "support_date": date(2020, 3, 5), "is_subset": True, "amount_vnd": 17_316_469_000}
    workbook = write("193", lines={"beneficiaries": [line]}, revision=2, reason="Sửa số tiền", synthetic=True)
    sheet = workbook["Đối tượng thụ hưởng"]
    cells = {field.name: cell for field, cell in zip(all_forms()["beneficiaries"].fields, sheet[4], strict=True)}

    assert cells["area"].value == "Thành phố Hạ Long"
    assert (cells["support_date"].value, cells["support_date"].number_format) == (datetime(2020, 3, 5), "dd/mm/yyyy")
    assert cells["is_subset"].value == "x"
    assert (cells["amount_vnd"].value, cells["amount_vnd"].number_format) == (17_316_469_000, "#,##0")
    assert cells["qualifier"].value == "đúng"
    assert cells["children"].value is None
    assert "DỮ LIỆU MẪU" in sheet["A1"].value


def test_the_cover_says_what_each_form_has(write):
    site = {"area": "193", "programme": "injury_prevention", "site_count": 1}
    totals = declared_totals(write("193", lines={"incidents": [], "programme_sites": [site]}))

    assert {form: says for (form, _), (says, _) in totals.items() if says} == {
        "Hoạt động": "chưa có",
        "Đối tượng thụ hưởng": "chưa có",
        "Vụ việc": "không phát sinh",
        "Mô hình": "có số liệu",
        "Trẻ em": "chưa có",
    }


def test_declared_totals_recalculate_to_what_is_cached_and_leave_subsets_out(write, tmp_path):
    whole = {"area": "193", "incident_class": "abuse", "cases": 3, "victims": 4}
    part = {"area": "193", "incident_class": "abuse", "is_subset": True, "sex": "female", "victims": 3}
    events = {"area": "193", "event_type": "training", "event_count": 2, "attendances": 150}
    workbook = write("193", lines={"incidents": [whole, part], "events": [events]})
    cached = declared_totals(openpyxl.load_workbook(tmp_path / "template.xlsx", data_only=True))

    assert cached["Vụ việc", "Số trẻ là nạn nhân"] == (None, 4)
    assert cached["Hoạt động", "Tổng lượt người tham dự"] == (None, 150)
    for key, (_, formula) in declared_totals(workbook).items():
        assert recalculated(workbook, formula) == cached[key][1]


def test_a_code_that_is_not_valid_is_not_written(write):
    with pytest.raises(KeyError, match="204"):
        write("193", lines={"incidents": [{"area": "204", "incident_class": "abuse"}]})


def test_the_same_template_has_the_same_bytes(write, tmp_path):
    properties = write("193").properties
    first = (tmp_path / "template.xlsx").read_bytes()
    write("193")

    assert (tmp_path / "template.xlsx").read_bytes() == first
    # The moment of writing is nowhere in it, so it is the same tomorrow.
    assert properties.created == properties.modified == datetime(2020, 3, 1)
