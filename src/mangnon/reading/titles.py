"""Reads reporter, period and revision from the lines above the tables, for files without a cover."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from xlsxwriter.utility import xl_rowcol_to_cell

from mangnon.contract.code_lists import CodeLists, Reporter
from mangnon.reading import reporters
from mangnon.reading.cells import NUL_SIGN, storable
from mangnon.reading.cover import TITLES, Cover, highest_revision
from mangnon.reading.months import is_longer_than_a_month, months_in
from mangnon.reading.problems import Place, Problem, RefusedFile, RefusedForm
from mangnon.reading.vocabulary import fold, unit_line, unit_of

REVISION = re.compile(r"\b(?:lan gui|gui lan|bao cao lan)(?: thu)? (\d+)\b")
MADE_UP = "du lieu mau gia dinh"  # fold of the words on the template's sheets

# Folds of labels before a colon.
REASONS = {"ly do", "ly do gui lai"}
REPORTERS = {
    f"{prefix}{label}"
    for prefix in ("", "ten ", "ma ")
    for label in ("don vi", "don vi bao cao", "don vi gui", "co quan bao cao", "noi gui")
}
UNIT_LABELS = {"dvt", "don vi tinh", "don vi"}
ADDRESSEE = re.compile(r"^(?:kinh gui|noi nhan|gui|don vi nhan)\b")


@dataclass(frozen=True)
class TitleLine:
    """A text above a table, and its place."""

    text: str
    sheet: str | None
    row: int
    cell: str

    @property
    def label(self) -> str:
        """The fold of the text before the colon; empty without a colon."""
        return fold(self.text.partition(":")[0]) if ":" in self.text else ""

    @property
    def value(self) -> str:
        """The text after the colon."""
        return self.text.partition(":")[2].strip()

    @property
    def is_unit(self) -> bool:
        """Whether the line gives the unit of the table's money."""
        return self.label in UNIT_LABELS and unit_of(self.value) is not None

    @property
    def where(self) -> Place:
        """The place, as problems name it."""
        return {"sheet": self.sheet, "row": self.row, "cell": self.cell}


def lines_above(rows: Iterable[Iterable[object]], sheet: str | None) -> list[TitleLine]:
    """Returns the texts of the rows above a table. A label is joined with the cell on its right."""
    lines = []
    for row, cells in enumerate(rows):
        filled = [(column, str(cell).strip()) for column, cell in enumerate(cells) if str(cell or "").strip()]
        for place, (column, text) in enumerate(filled):
            if text.endswith(":") and place + 1 < len(filled):
                text = f"{text} {filled[place + 1][1]}"
            for part in text.splitlines():
                lines.append(TitleLine(part, sheet, row + 1, xl_rowcol_to_cell(row, column)))
    return lines


def unit_above(lines: Iterable[TitleLine]) -> TitleLine | None:
    """Returns the line that gives the unit of the table's money; None if there is none."""
    return next((line for line in lines if line.is_unit), None)


def refuse_scaled_counts(lines: Iterable[TitleLine]) -> None:
    """Raises RefusedForm if a line above a table says that its counts are in thousands or so: no form has such."""
    for line in lines:
        if (said := unit_line(line.text)) and said.is_scale_of_counts:
            raise RefusedForm(Problem("unit_above", **line.where, value=line.text))


def stated_periods(lines: Iterable[TitleLine]) -> dict[date, TitleLine]:
    """Returns the months that the lines name, each with the first line that names it.

    Raises RefusedFile if a line names a longer period.
    """
    found: dict[date, TitleLine] = {}
    for line in lines:
        if is_longer_than_a_month(line.text):
            raise RefusedFile(Problem("period_not_a_month", **line.where, value=line.text))
        for month in months_in(line.text):
            found.setdefault(month, line)
    return found


def stated_reporters(
    lines: Iterable[TitleLine], period: date, lists: CodeLists
) -> dict[str, tuple[Reporter, TitleLine]]:
    """Returns the reporters that the lines name, by code. If a line `Đơn vị báo cáo: …` exists, others do not count."""
    lines = [line for line in lines if not ADDRESSEE.match(fold(line.text)) and not line.is_unit]
    labelled = [line for line in lines if line.label in REPORTERS and line.value]
    found = {}
    for line in labelled:
        code, _ = reporters.reporter_of(line.value, period, lists, line.where)
        if code in lists.reporters:
            found[code] = lists.reporters[code], line
    for line in [] if labelled else lines:
        for reporter in reporters.named_in(line.text, period, lists) or reporters.mentioned_in(
            line.text, period, lists
        ):
            found.setdefault(reporter.code, (reporter, line))
    return found


def cover_from_titles(
    lines: list[TitleLine], forms: Iterable[str], lists: CodeLists, file_name: str, place: str | None
) -> Cover:
    """Returns the cover that the lines above the tables give.

    Raises RefusedFile if they name no month or no reporter, or several, or a reporter that has another place.
    """
    periods = stated_periods(lines)
    if len(periods) > 1:
        raise RefusedFile(_several_periods(periods))
    if not periods:
        raise RefusedFile(_incomplete(True, not _names_anybody(lines, lists), file_name))
    period, period_line = next(iter(periods.items()))
    named = stated_reporters(lines, period, lists)
    if len(named) > 1:
        several = [reporter for reporter, _ in named.values()]
        line = next(iter(named.values()))[1]
        raise RefusedFile(reporters.ambiguous(line.text, several, line.where))
    if not named:
        raise RefusedFile(_incomplete(False, True, file_name))
    reporter, reporter_line = next(iter(named.values()))
    reporters.refuse_other_place(reporter.code, place, reporter_line.text, reporter_line.where)
    revision, notes = _revision(lines, highest_revision(place))
    reason = next((line for line in lines if line.label in REASONS and line.value), None)
    if reason and NUL_SIGN in storable(reason.text):
        found = {"label": TITLES["reason"]}
        raise RefusedFile(Problem("unstorable_text.cover", found, **reason.where, value=storable(reason.text)))
    made_up = [line for line in lines if MADE_UP in fold(line.text)]
    notes = [
        reporters.inferred(reporter, reporter_line.text, reporter_line.where),
        Problem("inferred_period", {"period": period}, **period_line.where, value=period_line.text),
        *notes,
        *(Problem("inferred_synthetic", **line.where, value=line.text) for line in made_up[:1]),
    ]
    words = reason.value if reason else None
    return Cover(reporter.code, period, revision, words, bool(made_up), {form: {} for form in forms}, tuple(notes))


def refuse_other_titles(lines: list[TitleLine], cover: Cover, lists: CodeLists) -> None:
    """Raises RefusedFile if the titles of a sheet name another month or another reporter than the cover."""
    for period, line in stated_periods(lines).items():
        if period != cover.period:
            raise RefusedFile(Problem("periods_differ.cover", {"period": cover.period}, **line.where, value=line.text))
    named = stated_reporters(lines, cover.period, lists)
    if named and cover.reporter_code not in named:
        _, line = next(iter(named.values()))
        raise RefusedFile(Problem("reporters_differ", {"code": cover.reporter_code}, **line.where, value=line.text))


def _names_anybody(lines: list[TitleLine], lists: CodeLists) -> bool:
    texts = [line.value if line.label in REPORTERS else line.text for line in lines]
    return any(reporters.named_in(text, None, lists) or reporters.mentioned_in(text, None, lists) for text in texts)


def _revision(lines: list[TitleLine], highest: int) -> tuple[int, list[Problem]]:
    found = {int(matched[1][:10]): line for line in lines if (matched := REVISION.search(fold(line.text)))}
    if len(found) > 1 or not all(0 < revision <= highest for revision in found):
        line = next(iter(found.values()))
        stated = {"revisions": list(found), "highest": highest}
        raise RefusedFile(Problem("revision_unreadable.lines", stated, **line.where, value=line.text))
    if found:
        return next(iter(found)), []
    return 1, [Problem("inferred_revision")]


def _several_periods(periods: dict[date, TitleLine]) -> Problem:
    line = next(iter(periods.values()))
    stated = [{"period": period, "sheet": line.sheet, "cell": line.cell} for period, line in periods.items()]
    return Problem("periods_differ.lines", {"stated": stated}, **line.where)


def _incomplete(no_period: bool, no_reporter: bool, file_name: str) -> Problem:
    if no_period and no_reporter:
        return Problem("cover_missing.lines", {"file_name": file_name})
    if no_period:
        return Problem("period_missing.lines", {"file_name": file_name})
    return Problem("reporter_missing.lines", {"file_name": file_name})
