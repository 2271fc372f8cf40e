"""The first sheet of a feedback workbook, "Phản hồi": what became of the delivery, what to do, and every finding.

The reader knows the sheet, so it may stay when the reporter sends the workbook again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.styles.colors import Color
from openpyxl.utils import quote_sheetname
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from mangnon.contract.forms import ANSWER_SHEET, ANSWER_TITLE, all_forms
from mangnon.reading.problems import Severity
from mangnon.telling.feedback.findings import Feedback, Outcome
from mangnon.telling.feedback.harmless import write_text
from mangnon.telling.feedback.looks import fit_to_paper
from mangnon.vietnamese import listed, moment, month, number

# What follows the summary: the reporter's own workbook; its sheets, copied into an .xlsx, with the template's looks or
# as values alone; the rows with findings.
Shown = Literal["own", "copied", "values", "excerpts"]

WORDS: dict[Severity, str] = {"critical": "Phải sửa", "warning": "Nên xem lại", "info": "Thông tin"}
# Light enough for black text (contrast above 13). None is in Excel's palette, so we can recognise our own marks.
FILLS: dict[Severity, str] = {"critical": "FFFFC9C4", "warning": "FFFFE9A8", "info": "FFD3E5FA"}
BLACK = Color(rgb="FF000000")
NOT_HERE = "Không có trong tệp này; nếu không gửi bằng tệp khác thì được coi là chưa báo cáo."
SYNTHETIC = "Dữ liệu mẫu (giả định): số liệu không phải báo cáo thật."

COPIES: dict[Shown, str] = {
    "own": "Công thức tự đặt đã được thay bằng giá trị.",
    "copied": "Đây là bản chép ở dạng .xlsx: Excel, LibreOffice, WPS đều mở được; khi lưu hãy giữ dạng .xlsx.",
    "values": (
        "Đây là bản chép ở dạng .xlsx, chỉ có giá trị: không có danh sách chọn và định dạng của tệp đã gửi. "
        "Nếu tiện hơn, có thể sửa trong tệp đã gửi."
    ),
}

WIDTHS = {"A": 16, "B": 24, "C": 12, "D": 28, "E": 24, "F": 80}
HEADINGS = ("Mức độ", "Trang", "Ô", "Cột", "Giá trị đã đọc", "Nội dung và cách sửa")
FONT = "Calibri"
TITLE, BOLD = Font(FONT, 14, bold=True), Font(FONT, 11, bold=True)
WARNING = Font(FONT, 11, bold=True, color="FFB00020")
LINK = Font(FONT, 11, color="FF0B5394", underline="single")
HEADING_FILL = PatternFill("solid", fgColor="FF1F5C3A")
HEADING_FONT = Font(FONT, 11, bold=True, color="FFFFFFFF")
WRAPPED = Alignment(wrap_text=True, vertical="top")
THIN = Border(*[Side(style="thin", color="FFBBBBBB")] * 4)


@dataclass(frozen=True)
class SummaryLine:
    """One finding as the summary shows it. `target` is the sheet and the cell that its link leads to."""

    severity: Severity
    sheet: str
    cell: str
    title: str
    value: str
    message: str
    target: tuple[str, str] | None


def write_summary(book: Workbook, feedback: Feedback, lines: list[SummaryLine], shown: Shown) -> None:
    """Writes the summary as the first sheet. `shown` says what the other sheets are."""
    sheet = book.create_sheet(ANSWER_SHEET, 0)
    book.active = 0
    for column, width in WIDTHS.items():
        sheet.column_dimensions[column].width = width
    of_month = f" THÁNG {month(feedback.period)}" if feedback.period else ""
    row = _paragraphs(sheet, 1, [f"{ANSWER_TITLE}{of_month}"], TITLE)
    if feedback.is_synthetic:
        row = _paragraphs(sheet, row, [SYNTHETIC], WARNING)
    row = _pairs(sheet, row + 1, _facts(feedback))
    if any(outcome.form for outcome in feedback.outcomes):
        row = _paragraphs(sheet, row + 1, ["Kết quả từng biểu"], BOLD)
        row = _pairs(sheet, row, _outcomes(feedback))
    row = _paragraphs(sheet, row + 1, ["Việc cần làm"], BOLD)
    row = _paragraphs(sheet, row, [f"{place}. {step}" for place, step in enumerate(_steps(feedback, shown), 1)])
    row = _paragraphs(sheet, row + 1, ["Danh sách"], BOLD)
    _table(sheet, row, lines)
    if left_out := sum(feedback.totals.values()) - len(lines):
        rest = f"… và {left_out} điểm khác không liệt kê ở đây. Sửa những điểm trên rồi gửi lại."
        _paragraphs(sheet, row + len(lines) + 1, [rest], BOLD)
    _lay_out(sheet, row, row + max(len(lines), 1))


def counted(feedback: Feedback) -> str:
    """Returns the numbers of findings in Vietnamese words."""
    kinds: dict[Severity, str] = {"critical": "lỗi phải sửa", "warning": "điểm nên xem lại"}
    if feedback.is_receipt:
        return "không có lỗi"
    return listed(f"{feedback.totals[kind]} {words}" for kind, words in kinds.items() if kind in feedback.totals)


def _facts(feedback: Feedback) -> Iterator[tuple[str, str]]:
    reporter = feedback.reporter
    yield "Đơn vị", f"{reporter.name} (mã {reporter.code})" if reporter else "không rõ: bìa không đọc được"
    if feedback.period:
        yield "Kỳ báo cáo", f"tháng {month(feedback.period)}"
    if feedback.revision:
        yield "Lần gửi", str(feedback.revision)
    yield "Tệp", feedback.file_name
    yield "Nhận lúc", moment(feedback.received_at)
    yield "Kết quả kiểm tra", counted(feedback)


def _outcomes(feedback: Feedback) -> Iterator[tuple[str, str]]:
    for outcome in feedback.outcomes:
        if outcome.form:
            found = {(line.rule, line.severity) for line in feedback.findings if line.form == outcome.form}
            warned = any(severity == "warning" for _, severity in found)
            yield all_forms()[outcome.form].title, _said(outcome, warned, ("nothing_happened", "info") in found)
    if feedback.reporter:
        reported = {outcome.form for outcome in feedback.outcomes}
        for name in feedback.reporter.expected_forms:
            if name not in reported:
                yield all_forms()[name].title, NOT_HERE


def _said(outcome: Outcome, warned: bool, nothing_happened: bool) -> str:
    if outcome.replaced_by:
        return f"Đã có lần gửi {outcome.replaced_by} thay thế; không cần làm gì với biểu này."
    if outcome.state == "refused":
        return "BỊ TỪ CHỐI. Số liệu của lần gửi trước (nếu có) vẫn được giữ nguyên."
    if outcome.state == "held":
        return "TẠM GIỮ, chưa được tính."
    note = ", nhưng có điểm nên xem lại" if warned else ""
    waiting = {"modelled": " và đang chờ công bố", "same": "; số liệu không thay đổi"}.get(outcome.state, "")
    understood = "0 dòng, không phát sinh" if nothing_happened else f"{number(outcome.rows)} dòng"
    return f"Đã nhận: {understood}{note}{waiting}."


def _steps(feedback: Feedback, shown: Shown) -> Iterator[str]:
    if feedback.is_receipt:
        yield "Xem lại kết quả từng biểu ở trên. Nếu đúng như vậy thì không cần làm gì."
        yield "Nếu thật ra có số liệu, hãy ghi vào tệp báo cáo, tăng “Lần gửi” thêm 1, ghi lý do rồi gửi lại."
        return
    critical = "critical" in feedback.totals
    if critical:
        yield f"Sửa mọi điểm “{WORDS['critical']}” trong danh sách dưới đây (mức độ nặng nhất ở trên cùng)."
    if "warning" in feedback.totals:
        yield (
            f"Điểm “{WORDS['warning']}”: nếu số liệu đúng thì giữ nguyên, không cần làm gì; nếu sai thì sửa"
            f"{'' if critical else ' và gửi lại'}."
        )
    if shown != "excerpts":
        yield (
            "Bấm vào tên ô để đến ô đó; ghi chú ở ô nêu lỗi và cách sửa. Màu: đỏ nhạt là phải sửa, vàng nhạt là nên "
            "xem lại, xanh nhạt là thông tin."
        )
        yield (
            "Có thể sửa ngay trong tệp này rồi gửi lại: trang “Phản hồi”, màu và ghi chú không ảnh hưởng đến việc đọc "
            f"tệp. {COPIES[shown]}"
        )
    else:
        yield (
            "Sửa trong tệp của đơn vị, không sửa trong tệp này: các trang sau chỉ chép lại những dòng có liên quan "
            "để đối chiếu."
        )
    revision = feedback.next_revision
    where = "Trên trang Bìa" if shown != "excerpts" or feedback.revision is None else "Ở phần bìa của tệp"
    if revision:
        yield f"Khi gửi lại: {where[0].lower()}{where[1:]}, tăng “Lần gửi” lên {revision} và ghi “Lý do gửi lại”."
    elif critical:
        yield "Gửi lại tệp đã sửa vào nơi vẫn gửi báo cáo."
    yield "Các biểu khác đã nhận và các đơn vị khác không bị ảnh hưởng."


def _paragraphs(sheet: Worksheet, row: int, texts: list[str], font: Font | None = None) -> int:
    """Writes texts over the whole width. Returns the row after them."""
    for text in texts:
        cell = sheet.cell(row, 1)
        write_text(cell, text)
        cell.alignment = WRAPPED
        if font:
            cell.font = font
        sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=len(WIDTHS))
        sheet.row_dimensions[row].height = _height(text, sum(WIDTHS.values()), 21 if font is TITLE else 16)
        row += 1
    return row


def _pairs(sheet: Worksheet, row: int, pairs: Iterator[tuple[str, str]]) -> int:
    for label, text in pairs:
        for column, written in ((1, label), (3, text)):
            write_text(sheet.cell(row, column), written)
            sheet.cell(row, column).alignment = WRAPPED
        sheet.cell(row, 1).font = BOLD
        sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=2)
        sheet.merge_cells(start_row=row, end_row=row, start_column=3, end_column=len(WIDTHS))
        sheet.row_dimensions[row].height = _height(text, sum(WIDTHS.values()) - WIDTHS["A"] - WIDTHS["B"], 16)
        row += 1
    return row


def _table(sheet: Worksheet, row: int, lines: list[SummaryLine]) -> None:
    for column, heading in enumerate(HEADINGS, start=1):
        cell = sheet.cell(row, column)
        write_text(cell, heading)
        cell.font, cell.fill, cell.border = HEADING_FONT, HEADING_FILL, THIN
    for place, line in enumerate(lines, start=row + 1):
        texts = (WORDS[line.severity], line.sheet, line.cell, line.title, line.value, line.message)
        for column, text in enumerate(texts, start=1):
            cell = sheet.cell(place, column)
            write_text(cell, text)
            cell.alignment, cell.border = WRAPPED, THIN
        sheet.cell(place, 1).fill = PatternFill("solid", fgColor=FILLS[line.severity])
        if line.target:
            title, coordinate = line.target
            link = sheet.cell(place, 3)
            link.hyperlink = Hyperlink(ref="", location=f"{quote_sheetname(title)}!{coordinate}")
            link.font = LINK
        sheet.row_dimensions[place].height = max(
            _height(text, width, 16) for text, width in zip(texts, WIDTHS.values(), strict=True)
        )


def _height(text: str, width: float, line: int) -> float:
    """Returns the height in points of a text in a column of `width` characters, with `line` points per line.

    Spreadsheet programs do not adjust the height of rows when they open a file.
    """
    return line * sum(1 + int(len(part) * 1.08 // width) for part in text.split("\n"))


def _lay_out(sheet: Worksheet, header_row: int, last_row: int) -> None:
    sheet.sheet_view.showGridLines = False
    sheet.auto_filter.ref = f"A{header_row}:F{last_row}"
    sheet.print_title_rows = f"{header_row}:{header_row}"
    fit_to_paper(sheet)
    sheet.oddFooter.center.text = "Trang &P/&N"
