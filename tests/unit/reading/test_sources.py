"""However a district writes it down, the same lines are read; and what can be read in two ways is refused."""

import unicodedata
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from support.messy import (
    LISTS,
    Style,
    bundle,
    csv_text,
    in_font,
    mojibake,
    submission,
    without_diacritics,
    workbook,
)
from support.reading import FROM_OFFICES, HA_LONG, JUNE, clean, read, rules

from mangnon.contract.code_lists import OFFICE
from mangnon.contract.forms import all_forms
from mangnon.contract.template import write_template
from mangnon.reading.opening import open_source
from mangnon.reading.problems import RefusedFile
from mangnon.reading.reader import FormReader

BA_CHE = submission("202", date(2020, 3, 1))
STYLES = {
    "numbers": (Style(), {"inferred_reporter", "inferred_period", "rows_skipped", "inferred_header"}),
    "numbers as text": (Style(numbers_as_text=True), set()),
    "serial days": (Style(serial_days=True), {"inferred_date"}),
    "a dash for zero": (Style(nil="-"), {"inferred_zero"}),
    "KPS for zero": (Style(nil="KPS"), {"inferred_zero"}),
    "millions in the header": (Style(money="triệu đồng"), set()),
    "millions above the table": (Style(money="triệu đồng", is_unit_above=True), {"inferred_unit"}),
    "capitals": (Style(str.upper), {"inferred_reporter"}),
    "no diacritics": (Style(without_diacritics), {"inferred_code", "inferred_header"}),
    "NFD": (Style(lambda text: unicodedata.normalize("NFD", text)), set()),
    "Icelandic letters": (Style(lambda text: text.replace("Đ", "Ð").replace("đ", "ð")), set()),
    "TCVN3": (Style(in_font("tcvn3"), font=".VnTime"), {"inferred_font"}),
    "TCVN3 without its font": (Style(in_font("tcvn3")), {"inferred_font"}),
    "VNI": (Style(in_font("vni"), font="VNI-Times"), {"inferred_font"}),
    "UTF-8 decoded wrongly": (Style(mojibake), {"inferred_font"}),
    "no revision": (Style(revision=None), {"inferred_revision"}),
    "the name of the area only": (Style(reporter="TP. Hạ Long"), {"inferred_reporter"}),
    "a labelled reporter": (Style(reporter="Đơn vị báo cáo: 193"), set()),
    "the period in numbers": (Style(period="Kỳ báo cáo: 06/2020"), {"inferred_period"}),
}


@pytest.mark.parametrize("name", STYLES)
def test_a_workbook_by_hand_says_what_the_template_says(name: str, tmp_path: Path) -> None:
    style, expected = STYLES[name]
    cover, rows, problems = read(workbook(tmp_path / "a.xlsx", HA_LONG, style))
    assert rules(problems, "critical") == set(), [problem.message for problem in problems]
    assert rows == clean(tmp_path, HA_LONG)
    assert (cover.reporter_code, cover.period, cover.revision) == ("193", JUNE, style.revision or 1)
    assert expected <= rules(problems, "info")


@pytest.mark.parametrize(
    ("name", "sent"), [("200-2020-03.xls", ("200", date(2020, 3, 1))), ("201-2020-06.ods", ("201", JUNE))]
)
def test_workbooks_of_other_programs(name: str, sent: tuple[str, date], tmp_path: Path) -> None:
    cover, rows, problems = read(FROM_OFFICES / name)
    assert rules(problems, "critical") == set()
    assert rows == clean(tmp_path, submission(*sent))
    assert (cover.reporter_code, cover.period) == sent


CSVS: dict[str, Callable[[str], bytes]] = {
    "UTF-8": lambda text: text.encode(),
    "UTF-8 with a mark": lambda text: text.encode("utf-8-sig"),
    "NFD": lambda text: unicodedata.normalize("NFD", text).encode(),
    "Windows-1258": lambda text: cp1258(text),
    "TCVN3": lambda text: in_font("tcvn3")(text).encode("cp1252"),
    "VNI": lambda text: in_font("vni")(text).encode("cp1252"),
}


def cp1258(text: str) -> bytes:
    """Vietnamese as Windows writes it: letters with marks after them, as far as needed."""
    encoded = b""
    for letter in unicodedata.normalize("NFC", text):
        for form in (letter, *_halves(letter)):
            try:
                encoded += form.encode("cp1258")
                break
            except UnicodeEncodeError:
                continue
        else:
            raise ValueError(letter)
    return encoded


def _halves(letter: str) -> list[str]:
    whole = unicodedata.normalize("NFD", letter)
    tones = "".join(mark for mark in whole if mark in "\u0300\u0301\u0303\u0309\u0323")
    return [unicodedata.normalize("NFC", "".join(mark for mark in whole if mark not in tones)) + tones]


@pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("encoding", CSVS)
def test_a_csv_in_any_encoding_and_with_any_separator(encoding: str, separator: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(CSVS[encoding](csv_text(all_forms()["beneficiaries"], HA_LONG, separator)))
    _, rows, problems = read(path)
    assert rules(problems, "critical") == set(), [problem.message for problem in problems]
    assert rows == {"beneficiaries": clean(tmp_path, HA_LONG)["beneficiaries"]}
    assert ("inferred_separator" in rules(problems, "info")) == (separator != ",")
    assert bool({"inferred_encoding", "inferred_font"} & rules(problems, "info")) == (
        "UTF" not in encoding and encoding != "NFD"
    )


def test_a_csv_with_titles_instead_of_a_cover(tmp_path: Path) -> None:
    lines = csv_text(all_forms()["incidents"], HA_LONG).splitlines()[6:]
    path = tmp_path / "a.csv"
    path.write_text("UBND TP Hạ Long,,,\nTháng 6 năm 2020\n\n" + "\n".join(lines) + "\n")
    cover, rows, problems = read(path)
    assert rows == {"incidents": clean(tmp_path, HA_LONG)["incidents"]}
    assert (cover.reporter_code, cover.period, cover.revision) == ("193", JUNE, 1)
    assert {"inferred_form", "inferred_reporter", "inferred_period", "inferred_revision"} <= rules(problems, "info")


def csvs(**covers: Any) -> dict[str, bytes]:
    """A CSV of each form, in folders."""
    return {
        f"báo cáo/{name}.csv": csv_text(all_forms()[name], HA_LONG, **covers.get(name, {})).encode()
        for name in HA_LONG.lines
    }


def test_several_csvs_in_an_archive(tmp_path: Path) -> None:
    litter = {"__MACOSX/._a.csv": b"\0\1", "báo cáo/.DS_Store": b"\0", "Thumbs.db": b""}
    _, rows, problems = read(bundle(tmp_path / "a.zip", csvs() | litter))
    assert rows == clean(tmp_path, HA_LONG)
    assert [problem.rule for problem in problems] == ["member_ignored"] * 3


@pytest.mark.parametrize(
    ("members", "rule", "words"),
    [
        (csvs(events={"period": "2020-05"}), "covers_differ", "2020-05"),
        (csvs(events={"revision": 3}), "covers_differ", "lần gửi 3"),
        (csvs() | {"lần hai.csv": csvs()["báo cáo/events.csv"]}, "form_doubled", "lần hai.csv"),
        (csvs() | {"trong.zip": b"PK\3\4"}, "member_not_csv", "trong.zip"),
        (csvs() | {"a.xlsx": b"PK\3\4"}, "member_not_csv", "gửi riêng"),
        ({"đọc tôi/": b""}, "empty_file", "CSV"),
    ],
    ids=["periods", "revisions", "a form twice", "an archive inside", "a workbook inside", "nothing inside"],
)
def test_an_archive_that_contradicts_itself_is_refused(
    members: dict[str, bytes], rule: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(RefusedFile, match=words) as refusal:
        read(bundle(tmp_path / "a.zip", members))
    assert [problem.rule for problem in refusal.value.problems] == [rule]


def test_files_are_what_they_are_and_not_what_their_name_says(tmp_path: Path) -> None:
    book = workbook(tmp_path / "a.xlsx", HA_LONG).rename(tmp_path / "a.csv")
    text = tmp_path / "b.xlsx"
    text.write_text(csv_text(all_forms()["incidents"], HA_LONG))
    for path in (book, text):
        _, rows, problems = read(path)
        assert rows["incidents"] == clean(tmp_path, HA_LONG)["incidents"]
        assert "inferred_format" in rules(problems, "info")


def test_the_cover_may_name_the_reporter(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for reporter, period, code in [
        ("Hạ Long", "2020-06", "193"),
        ("phong ld-tbxh tp ha long", "2020-06", "193"),
        ("UBND huyện Ba Chẽ", "2020-06", "202"),
        ("Sở LĐ-TB&XH tỉnh Quảng Ninh", "2020-06", "SLDTBXH"),
        ("hlhpn", "2020-06", "HLHPN"),
        ("Hoành Bồ", "2019-06", "204"),
        ("06978", "2025-08", "06970"),
        ("xã Ba Chẽ", "2025-08", "06970"),
    ]:
        path.write_text(csv_text(all_forms()["incidents"], HA_LONG, reporter=reporter, period=period))
        assert open_source(path, path.name, LISTS, OFFICE).cover.reporter_code == code


@pytest.mark.parametrize(
    ("lines", "rule", "words"),
    [
        (["UBND huyện Ba Chẽ", "Quý I/2020"], "period_not_a_month", "từng tháng"),
        (["UBND huyện Ba Chẽ", "6 tháng đầu năm 2020"], "period_not_a_month", "từng tháng"),
        (["UBND huyện Ba Chẽ", "Tháng 3 năm 2020", "Tháng 4 năm 2020"], "periods_differ", "03/2020.*04/2020"),
        (["UBND huyện Ba Chẽ và UBND huyện Cô Tô"], "period_missing", "kỳ báo cáo"),
        (["Tháng 3 năm 2020"], "reporter_missing", "đơn vị báo cáo"),
        (["UBND huyện Ba Chẽ", "UBND huyện Cô Tô", "Tháng 3 năm 2020"], "reporter_ambiguous", "ghi “202”.*ghi “207”"),
        (["Đơn vị báo cáo: huyện Ba Che", "Kính gửi: UBND huyện Cô Tô", "Tháng 3/2020"], None, ""),
        (["Đơn vị báo cáo: Ba Vì", "Tháng 3/2020"], "reporter_unknown", "Ba Vì"),
        (["Hạ Long, ngày 05 tháng 4 năm 2020", "UBND huyện Ba Chẽ", "Tháng 3/2020"], None, ""),
        (["UBND huyện Ba Chẽ", "Tháng 3/2020", "Lần gửi: 2", "Gửi lần thứ 3"], "revision_unreadable", "2 và 3"),
    ],
)  # fmt: skip
def test_titles_that_say_too_little_or_too_much(lines: list[str], rule: str | None, words: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = csv_text(all_forms()["incidents"], BA_CHE).splitlines()[6:]
    path.write_text("\n".join([*(f'"{line}"' for line in lines), *rows]) + "\n")
    if rule is None:
        assert read(path)[0].reporter_code == "202"
        return
    with pytest.raises(RefusedFile, match=words) as refusal:
        read(path)
    assert [problem.rule for problem in refusal.value.problems] == [rule]


def edited(tmp_path: Path, edit: Callable[[openpyxl.Workbook], None], style: Style = Style()) -> Path:  # noqa: B008
    """A workbook by hand in which somebody changed something."""
    path = workbook(tmp_path / "a.xlsx", HA_LONG, style)
    book = openpyxl.load_workbook(path)
    edit(book)
    book.save(path)
    return path


def set_cell(sheet: str, cell: str, value: object) -> Callable[[openpyxl.Workbook], None]:
    """Writes into a cell."""

    def edit(book: openpyxl.Workbook) -> None:
        book[sheet][cell] = value

    return edit


def copy_sheet(book: openpyxl.Workbook) -> None:
    """The sheet of last month, still there under another name."""
    book.copy_worksheet(book["VU VIEC"]).title = "vụ việc (2)"
    book["vụ việc (2)"].title = "Các vụ việc"


INCIDENTS, EVENTS, GIFTS = "VU VIEC", "Biểu 1 - Hoạt động", "2. Đối tượng thụ hưởng"


@pytest.mark.parametrize(
    ("edit", "form", "rule", "cell", "words"),
    [
        (set_cell(INCIDENTS, "B7", "Năm trước"), "incidents", "column_missing", None, "“Địa bàn”"),
        (set_cell(INCIDENTS, "E7", "Số vụ"), "incidents", "column_doubled", "F9", "hai lần"),
        (set_cell(INCIDENTS, "F11", 3), "incidents", "subtotal_differs", "F11", "ghi 3 nhưng"),
        (set_cell(GIFTS, "D7", "Số tiền (đồng)"), "beneficiaries", "units_contradict", "D9", "giữ một đơn vị"),
        (copy_sheet, "incidents", "sheet_doubled", None, "“VU VIEC”, “Các vụ việc”"),
    ],
    ids=["column missing", "column doubled", "sum of a section", "two units", "two sheets"],
)
def test_a_form_that_contradicts_itself_is_refused_and_the_others_are_read(
    edit: Callable[[openpyxl.Workbook], None], form: str, rule: str, cell: str | None, words: str, tmp_path: Path
) -> None:
    _, rows, problems = read(edited(tmp_path, edit, Style(money="triệu đồng", is_unit_above=True)))
    (problem,) = [problem for problem in problems if problem.severity == "critical"]
    assert (problem.rule, problem.cell) == (rule, cell)
    assert words in problem.message
    assert set(rows) == set(HA_LONG.lines) - {form}


def test_totals_of_the_sheet_and_of_the_cover_have_to_agree(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    text = csv_text(all_forms()["programme_sites"], HA_LONG, **{"total:site_count": "48"})
    path.write_text(text + "Tổng cộng,,48,,\n")
    source = open_source(path, path.name, LISTS, OFFICE)
    reading = FormReader(all_forms()["programme_sites"], LISTS, LISTS.reporters["193"], JUNE).read(
        source.table(all_forms()["programme_sites"])
    )
    assert sum(block.rows.num_rows for block in reading) == len(HA_LONG.lines["programme_sites"])
    assert reading.declared(source.cover.forms["programme_sites"]) == {"site_count": 48}
    path.write_text(text + "Tổng cộng,,49,,\n")
    (problem,) = [problem for problem in read(path)[2] if problem.severity == "critical"]
    assert problem.rule == "totals_contradict"
    assert "trang bìa ghi 48" in problem.message
    assert "ghi 49" in problem.message


@pytest.mark.parametrize(("declared", "judged"), [(0, {}), (47, {"site_count": 47}), (48, {"site_count": 48})])
def test_a_spreadsheets_sum_that_leaves_out_texts_is_not_held_against_them(
    declared: int, judged: dict[str, int], tmp_path: Path
) -> None:
    form = all_forms()["programme_sites"]
    path = tmp_path / "a.xlsx"
    write_template(path, LISTS.reporters["193"], JUNE, LISTS, {"programme_sites": HA_LONG.lines["programme_sites"]})
    book = openpyxl.load_workbook(path)
    for (cell,) in book[form.title]["C4":"C20"]:
        cell.value = cell.value if cell.value is None else str(cell.value)
    for row in book["Bìa"].iter_rows():
        if row[2].value == form.field("site_count").title:
            row[3].value = declared
    book.save(path)
    source = open_source(path, path.name, LISTS, OFFICE)
    reading = FormReader(form, LISTS, LISTS.reporters["193"], JUNE).read(source.table(form))
    assert sum(block.rows.num_rows for block in reading) == len(HA_LONG.lines["programme_sites"])
    assert {name: total for name, total in reading.declared(source.cover.forms[form.name]).items() if total} == judged
    notes = {note.rule: note.message for note in reading.notes()}
    assert ("texts_not_in_total" in notes) == (declared == 0)
    assert declared or "tổng là 48" in notes["texts_not_in_total"]


def test_a_title_that_contradicts_the_cover_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_template(path, LISTS.reporters["193"], JUNE, LISTS, HA_LONG.lines)
    book = openpyxl.load_workbook(path)
    book["Vụ việc"]["A1"] = "Vụ việc tháng 5 năm 2020"
    book["Hoạt động"]["A1"] = "Hoạt động của huyện Ba Chẽ"
    book.save(path)
    _, rows, problems = read(path)
    assert {problem.rule: problem.cell for problem in problems} == {"periods_differ": "A1", "reporters_differ": "A1"}
    assert set(rows) == set(HA_LONG.lines) - {"incidents", "events"}


def test_an_empty_form_is_no_report_unless_it_says_that_nothing_happened(tmp_path: Path) -> None:
    lines = csv_text(all_forms()["incidents"], HA_LONG).splitlines()[6:7]
    title = "UBND TP Hạ Long,,,\nTháng 6 năm 2020\n"
    path = tmp_path / "a.csv"
    path.write_text(title + lines[0] + "\n")
    assert rules(read(path)[2], "critical") == {"form_empty"}
    path.write_text(title + lines[0] + "\n" + "Không phát sinh" + "," * lines[0].count(",") + "\n")
    assert read(path)[1] == {"incidents": []}


def test_an_area_after_an_old_font_has_to_be_in_the_list(tmp_path: Path) -> None:
    path = edited(
        tmp_path,
        set_cell(in_font("tcvn3")("VU VIEC"), "B12", in_font("tcvn3")("Huyện Đồng Văn")),
        Style(in_font("tcvn3")),
    )
    *_, problems = read(path)
    (problem,) = [problem for problem in problems if problem.severity == "critical"]
    assert problem.rule == "legacy_font"
    assert "Unicode" in problem.message


def test_a_cell_in_an_old_font_is_refused_with_advice(tmp_path: Path) -> None:
    path = edited(tmp_path, set_cell("VU VIEC", "B12", in_font("tcvn3")("Thành phố Hạ Long")))
    _, rows, problems = read(path)
    (problem,) = [problem for problem in problems if problem.severity == "critical"]
    assert (problem.rule, problem.cell) == ("unknown_code", "B12")
    assert len(rows["incidents"]) == len(HA_LONG.lines["incidents"]) - 1
    assert "Unikey" in problem.message


@pytest.mark.parametrize("name", ["errors.xls", "errors.ods"])
def test_a_formula_with_an_error_is_found_in_every_format(name: str) -> None:
    _, rows, problems = read(FROM_OFFICES / name)
    (problem,) = [problem for problem in problems if problem.rule == "formula_error"]
    assert problem.cell == "F12"
    assert "incidents" not in rows


def test_a_header_that_two_separators_would_split_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "#reporter,193\n#period,2020-06\n#form,incidents\n#revision,1\nĐịa bàn,Số vụ,;Tử vong;Số nạn nhân\n"
    )
    with pytest.raises(RefusedFile, match="dấu phẩy hay dấu chấm phẩy"):
        read(path)


def test_columns_of_another_time_are_never_taken_for_this_month(tmp_path: Path) -> None:
    def edit(book: openpyxl.Workbook) -> None:
        sheet = book["VU VIEC"]
        sheet.unmerge_cells("F7:F9")
        sheet["F7"], sheet["F8"] = "Luỹ kế từ đầu năm", "Số vụ"

    _, rows, problems = read(edited(tmp_path, edit))
    assert all(row["cases"] is None for row in rows["incidents"])
    assert "column_absent" in rules(problems, "info")


def test_a_number_in_words_is_never_taken_for_a_note(tmp_path: Path) -> None:
    _, _, problems = read(edited(tmp_path, set_cell("VU VIEC", "F13", "mười")))
    assert {(problem.rule, problem.cell) for problem in problems if problem.severity == "critical"} == {
        ("required", "B13"),
        ("required", "L13"),
        ("not_a_number", "F13"),
    }


def test_a_row_without_its_numbers_is_never_taken_for_a_note(tmp_path: Path) -> None:
    def edit(book: openpyxl.Workbook) -> None:
        sheet = book["Biểu số 4 Các mô hình"]
        column = next(cell.column for cell in sheet[7] if str(cell.value).startswith("Số điểm"))
        sheet.cell(12, column).value, sheet["G12"] = None, "Ghi chú: chưa có số liệu"

    _, _, problems = read(edited(tmp_path, edit))
    assert rules(problems, "critical") == {"required"}


def test_texts_of_notes_and_signatures_are_kept_nowhere(tmp_path: Path) -> None:
    _, _, problems = read(workbook(tmp_path / "a.xlsx", HA_LONG))
    assert not [problem for problem in problems if "Nguyễn Văn A" in problem.message + (problem.value or "")]
