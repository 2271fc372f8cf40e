"""Writes the workbook of one reporter and month from the forms and the code lists: blank, or filled for the sample.

Everything that an officer reads here is Vietnamese. Drop-downs, types and limits come from the forms, so Excel already
refuses a cell that the reader would refuse.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name, xl_range_abs
from xlsxwriter.worksheet import Worksheet

from mangnon.contract.code_lists import CodeLists, Reporter, month_after
from mangnon.contract.forms import (
    COVER_SHEET,
    HIGHEST_REVISION,
    INSTRUCTION_SHEET,
    LISTS_SHEET,
    NOT_YET,
    NOTHING_HAPPENED,
    STATEMENT_COLUMN,
    STATEMENTS,
    WITH_DATA,
    Field,
    Form,
    submission_forms,
)  # fmt: skip
from mangnon.vietnamese import month

# Rows of a form's sheet, counted from 0: title, help, headers, then data down to the last row that Excel has.
HEADER_ROW = 2
FIRST_ROW = 3
LAST_ROW = 1_048_575

WIDTHS = {"date": 14, "integer": 15, "number": 12, "boolean": 11}
NUMBER_FORMATS = {"date": "dd/mm/yyyy", "integer": "#,##0", "number": "#,##0.0", "string": "@", "boolean": "@"}
REQUIRED_COLOUR, OPTIONAL_COLOUR = "#1F5C3A", "#6B9080"

REASON_IS_SHOWN = "Người xem số liệu đọc được lý do này: không ghi họ tên, địa chỉ của bất kỳ ai."

Lines = Mapping[str, Sequence[Mapping[str, Any]]]

STEPS = (
    "Kiểm tra mã đơn vị và kỳ báo cáo ở trang Bìa. Mỗi tệp chỉ dành cho một đơn vị và một tháng.",
    f'Trang Bìa, cột "{STATEMENT_COLUMN}": chọn cho mỗi biểu "{WITH_DATA}", "{NOTHING_HAPPENED}" hoặc "{NOT_YET}".',
    f'"{NOT_YET}" là sẽ gửi sau. Chỉ "{NOTHING_HAPPENED}" mới được tính là không có gì; để trống sẽ bị hỏi lại.',
    "Nhập mỗi biểu từ dòng ngay dưới tiêu đề. Cột có dấu * là bắt buộc. Không thêm, bớt hay đổi tên cột.",
    "Không có số liệu thì để trống; bằng không thì ghi 0. Để trống không phải là bằng không.",
    "Lượt, số trẻ, số vụ và số nạn nhân là các số khác nhau: không cộng, không thay cho nhau.",
    'Dòng "trong đó" là một phần của dòng khác và không được cộng vào tổng.',
    "Tiền ghi bằng đồng, số nguyên. Ngày ghi theo ngày/tháng/năm và phải trong tháng báo cáo.",
    f'Khi gửi lại: tăng "Lần gửi" thêm 1 (nhiều nhất là {HIGHEST_REVISION}) và ghi lý do. Lần gửi cao nhất được tính.',
    "Đặt tệp vào thư mục của đơn vị mình, tức thư mục mang mã đơn vị ghi ở trang Bìa.",
    "Không ghi họ tên, số định danh, điện thoại, địa chỉ của bất kỳ ai.",
)


def write_template(
    path: Path,
    reporter: Reporter,
    period: date,
    code_lists: CodeLists,
    lines: Lines | None = None,
    revision: int = 1,
    reason: str = "",
    synthetic: bool = False,
) -> None:
    """Writes the workbook of `reporter` for the month that starts on `period`.

    Without `lines` the workbook is blank and offers every form that the reporter is expected to send. `lines` maps the
    name of a form to its lines, each field name → value, with codes instead of labels; then the workbook contains just
    those forms. The same arguments give the same bytes.
    Raises KeyError for a code that is not valid in the period, or that this reporter may not use.
    """
    with xlsxwriter.Workbook(str(path), {"in_memory": True}) as workbook:
        # Without a fixed date the file would contain the moment of writing, and its sha256 would change every time.
        workbook.set_properties(
            {"title": _subject(reporter, period), "created": datetime(period.year, period.month, 1)}
        )
        _Template(workbook, reporter, period, code_lists).write(lines, revision, reason, synthetic)


def choices(field: Field, reporter: Reporter, period: date, code_lists: CodeLists) -> dict[Any, str]:
    """Returns the values that a cell of the field may hold in that month: value → label. Empty: any value."""
    if field.codes == "areas":
        return {area.code: area.label for area in code_lists.areas_of(reporter, period)}
    if field.codes:
        return {code.code: code.label for code in code_lists.members(field.codes, period)}
    if field.type == "boolean":
        return {True: field.true_values[0]}
    return dict(field.categories)


def header(field: Field) -> str:
    """Returns the field's header on a sheet: its title, a mark if the field is required, and its unit."""
    return field.title + (" *" if field.required else "") + (f" ({field.unit})" if field.unit else "")


def _subject(reporter: Reporter, period: date) -> str:
    return f"Báo cáo công tác trẻ em tháng {month(period)}: {reporter.name}"


class _Template:
    """A workbook that is being written."""

    def __init__(self, workbook: xlsxwriter.Workbook, reporter: Reporter, period: date, code_lists: CodeLists) -> None:
        self.workbook = workbook
        self.reporter = reporter
        self.period = period
        self.code_lists = code_lists
        self.bold = workbook.add_format({"bold": True})
        self.title = workbook.add_format({"bold": True, "font_size": 14})
        self.note = workbook.add_format({"italic": True, "font_color": "#555555"})
        self.warning = workbook.add_format({"bold": True, "font_color": "#B00020"})
        self.wrapped = workbook.add_format({"text_wrap": True, "valign": "top"})
        self.text = workbook.add_format({"num_format": "@", "border": 1})
        self.none = workbook.add_format({"border": 1, "bg_color": "#EEEEEE"})
        self.total = workbook.add_format({"num_format": "#,##0", "border": 1, "bg_color": "#EEEEEE"})
        self.header = {
            required: workbook.add_format(
                {"bold": True, "font_color": "white", "bg_color": colour, "border": 1}
                | {"text_wrap": True, "align": "center", "valign": "vcenter"}
            )
            for required, colour in ((True, REQUIRED_COLOUR), (False, OPTIONAL_COLOUR))
        }
        self.cell = {kind: workbook.add_format({"num_format": shape}) for kind, shape in NUMBER_FORMATS.items()}

    def write(self, lines: Lines | None, revision: int, reason: str, synthetic: bool) -> None:
        """Writes all sheets. The cover comes first, the hidden lists last."""
        forms = [form for form in submission_forms() if form.name in {*self.reporter.expected_forms, *(lines or ())}]
        self.shown = {
            field: choices(field, self.reporter, self.period, self.code_lists)
            for form in forms
            for field in form.fields
        }
        cover = self.workbook.add_worksheet(COVER_SHEET)
        self._write_instructions(self.workbook.add_worksheet(INSTRUCTION_SHEET), forms)
        sheets = {form: self.workbook.add_worksheet(form.title) for form in forms}
        self.ranges = self._write_lists(self.workbook.add_worksheet(LISTS_SHEET))
        self._write_cover_fields(cover, revision, reason, synthetic)
        self._write_declared_totals(cover, forms, lines)
        for form, sheet in sheets.items():
            self._write_form(sheet, form, (lines or {}).get(form.name, ()), synthetic)

    def _write_cover_fields(self, sheet: Worksheet, revision: int, reason: str, synthetic: bool) -> None:
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 1, 40)
        sheet.set_column(2, 3, 32)
        _fit_to_paper(sheet)
        sheet.write(0, 0, "Báo cáo công tác trẻ em hằng tháng", self.title)
        sheet.write(1, 0, "Ô có dấu * là bắt buộc.", self.note)
        if synthetic:
            sheet.write(1, 1, "DỮ LIỆU MẪU: số liệu giả định, không phải báo cáo thật.", self.warning)
        entries = (
            ("Mã đơn vị báo cáo *", self.reporter.code),
            ("Tên đơn vị", self.reporter.name),
            ("Kỳ báo cáo (năm-tháng) *", f"{self.period:%Y-%m}"),
            ("Lần gửi *", revision),
            ("Lý do gửi lại", reason),
            ("Dữ liệu mẫu (giả định)", "x" if synthetic else ""),
        )
        for row, (label, value) in enumerate(entries, start=3):
            sheet.write(row, 0, label, self.bold)
            sheet.write(row, 1, value, self.text)
        message = f"Lần gửi là số nguyên từ 1 đến {HIGHEST_REVISION}."
        sheet.data_validation(6, 1, 6, 1, _limits("integer", 1, HIGHEST_REVISION, message))
        sheet.data_validation(7, 1, 7, 1, {"validate": "any", "input_message": REASON_IS_SHOWN})

    def _write_declared_totals(self, sheet: Worksheet, forms: Sequence[Form], given: Lines | None) -> None:
        row = 10
        for column, title in enumerate(("Biểu", f"{STATEMENT_COLUMN} *", "Chỉ tiêu", "Tổng khai báo")):
            sheet.write(row, column, title, self.header[True])
        for form in forms:
            self._write_statement(sheet, row + 1, form, given)
            for field in (form.field(name) for name in form.totals):
                row += 1
                sheet.write(row, 0, form.title, self.text)
                sheet.write(row, 2, field.title, self.text)
                cached = _declared_total(field, (given or {}).get(form.name, ()))
                sheet.write_formula(row, 3, total_formula(form, field), self.total, cached)
        sheet.write(row + 1, 0, 'Tổng khai báo tự tính từ các biểu, không gồm các dòng "trong đó".', self.note)

    def _write_statement(self, sheet: Worksheet, row: int, form: Form, given: Lines | None) -> None:
        """Writes what the cover says of a form, in the form's first row; a blank template says nothing."""
        says = "" if given is None else NOT_YET
        if given is not None and form.name in given:
            says = WITH_DATA if given[form.name] else NOTHING_HAPPENED
        message = f'Chọn "{WITH_DATA}", "{NOTHING_HAPPENED}" hoặc "{NOT_YET}".'
        sheet.write(row, 1, says, self.text)
        sheet.data_validation(row, 1, row, 1, _drop_down([*STATEMENTS], message) | {"input_message": message})
        for below in range(row + 1, row + len(form.totals)):
            sheet.write(below, 1, "", self.none)

    def _write_instructions(self, sheet: Worksheet, forms: Sequence[Form]) -> None:
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 1, 38)
        sheet.set_column(2, 2, 12)
        sheet.set_column(3, 3, 80)
        _fit_to_paper(sheet)
        sheet.write(0, 0, "Hướng dẫn", self.title)
        for row, step in enumerate(STEPS, start=1):
            sheet.write(row, 0, f"{row}. {step}")
        row = len(STEPS) + 2
        for column, heading in enumerate(("Biểu", "Cột", "Bắt buộc", "Cách ghi")):
            sheet.write(row, column, heading, self.header[True])
        for title, field in ((form.title, field) for form in forms for field in form.fields):
            row += 1
            for column, value in enumerate((title, header(field), "có" if field.required else "", field.help)):
                sheet.write(row, column, value, self.wrapped)

    def _write_lists(self, sheet: Worksheet) -> dict[str, str]:
        """Writes each list once, as a column. Returns list → the range that drop-downs refer to."""
        lists = {_list_name(field): list(shown.values()) for field, shown in self.shown.items() if shown}
        ranges = {}
        for column, (name, labels) in enumerate(lists.items()):
            sheet.write(0, column, name, self.bold)
            sheet.write_column(1, column, labels)
            ranges[name] = f"='{LISTS_SHEET}'!{xl_range_abs(1, column, len(labels), column)}"
        sheet.hide()
        return ranges

    def _write_form(self, sheet: Worksheet, form: Form, lines: Sequence[Mapping[str, Any]], synthetic: bool) -> None:
        sheet.write(0, 0, form.title + (" · DỮ LIỆU MẪU, GIẢ ĐỊNH" if synthetic else ""), self.title)
        sheet.write(1, 0, form.help, self.note)
        sheet.set_row(HEADER_ROW, 48)
        sheet.freeze_panes(FIRST_ROW, 0)
        _fit_to_paper(sheet)
        sheet.repeat_rows(HEADER_ROW)
        for column, field in enumerate(form.fields):
            sheet.write(HEADER_ROW, column, header(field), self.header[field.required])
            sheet.set_column(column, column, self._width(field), self.cell[field.type])
            validation = self._validation(field) | {"input_message": field.help}
            sheet.data_validation(FIRST_ROW, column, LAST_ROW, column, validation)
            for row, line in enumerate(lines, start=FIRST_ROW):
                self._write_cell(sheet, row, column, field, line.get(field.name, field.default))

    def _write_cell(self, sheet: Worksheet, row: int, column: int, field: Field, value: Any) -> None:
        if value is None or value is False:
            return
        cell_format: Format = self.cell[field.type]
        if self.shown[field]:
            sheet.write_string(row, column, self.shown[field][value], cell_format)
        elif isinstance(value, date):
            sheet.write_datetime(row, column, value, cell_format)
        else:
            sheet.write_number(row, column, value, cell_format)

    def _validation(self, field: Field) -> dict[str, Any]:
        if self.shown[field]:
            message = f'Hãy chọn "{field.title}" trong danh sách.'
            return _drop_down(self.ranges[_list_name(field)], message)
        if field.type == "date":
            last_day = month_after(self.period) - timedelta(days=1)
            message = f"Ngày phải trong tháng {month(self.period)}, dạng ngày/tháng/năm."
            return _limits("date", self.period, last_day, message)
        if field.type == "integer":
            money = f", bằng {field.unit}" if field.unit else ""
            return _limits("integer", field.minimum, field.maximum, f"Chỉ nhập số nguyên, không âm{money}.")
        return _limits("decimal", field.minimum, field.maximum, f"Chỉ nhập số. {field.help}")

    def _width(self, field: Field) -> int:
        longest = max(map(len, self.shown[field].values()), default=0)
        return min(max(WIDTHS.get(field.type, 16), longest + 2), 46)


def _fit_to_paper(sheet: Worksheet) -> None:
    """Has the sheet printed on A4, all columns on a page."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _list_name(field: Field) -> str:
    return field.codes or field.name


def _drop_down(source: str | list[str], message: str) -> dict[str, Any]:
    return {"validate": "list", "source": source, "error_title": "Không có trong danh sách", "error_message": message}


def _limits(kind: str, minimum: Any, maximum: Any, message: str) -> dict[str, Any]:
    limits = (
        {"criteria": ">=", "value": minimum}
        if maximum is None
        else {"criteria": "between", "minimum": minimum, "maximum": maximum}
    )
    return {"validate": kind, "error_title": "Không hợp lệ", "error_message": message} | limits


def total_formula(form: Form, field: Field) -> str:
    """Returns the Excel formula of a declared total: the sum of the field's column without its lines "trong đó"."""

    def cells(name: str) -> str:
        column = xl_col_to_name([field.name for field in form.fields].index(name), True)
        return f"'{form.title}'!{column}${FIRST_ROW + 1}:{column}${LAST_ROW + 1}"

    total = f"=SUM({cells(field.name)})"
    if any(field.name == "is_subset" for field in form.fields):
        true = form.field("is_subset").true_values[0]
        total += f'-SUMIFS({cells(field.name)},{cells("is_subset")},"{true}")'
    return total


def _declared_total(field: Field, lines: Sequence[Mapping[str, Any]]) -> int:
    return sum(line.get(field.name) or 0 for line in lines if not line.get("is_subset"))
