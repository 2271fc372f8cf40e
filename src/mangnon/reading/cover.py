"""The cover: reporter, month, forms, revision and its reason, and the declared totals."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell

from mangnon.contract.code_lists import REFERENCE_PERIOD, REFERENCE_REPORTER, CodeLists
from mangnon.contract.forms import reference_forms, submission_forms
from mangnon.reading.problems import Place, Problem, RefusedFile
from mangnon.reading.reporters import reporter_of
from mangnon.reading.vocabulary import normalised

PERIOD = re.compile(
    r"(?:(?P<year>\d{4})-(?P<month>\d{1,2})|(?:tháng\s+)?(?P<month_first>\d{1,2})[/-](?P<its_year>\d{4}))"
)
TITLES = {
    "reporter": "Mã đơn vị báo cáo",
    "period": "Kỳ báo cáo (năm-tháng)",
    "revision": "Lần gửi",
    "reason": "Lý do gửi lại",
    "synthetic": "Dữ liệu mẫu (giả định)",
}
MISSING = {"reporter": "reporter_missing.cover", "period": "period_missing.cover", "revision": "revision_missing"}


# A list has no month, and its deliveries are numbered by the ledger. A revision that an old list claims is not read.
OF_REFERENCE: Mapping[str, Any] = {"period": REFERENCE_PERIOD, "revision": 1}


class Unreadable(Exception):
    """An entry of the cover cannot be read; `problem_id` says why."""

    def __init__(self, problem_id: str) -> None:
        super().__init__(problem_id)
        self.problem_id = problem_id


@dataclass(frozen=True)
class CoverEntry:
    """A value on the cover, and its cell."""

    value: object
    sheet: str | None
    cell: str

    @property
    def where(self) -> Place:
        """The place, as problems name it."""
        return {"sheet": self.sheet, "cell": self.cell}


@dataclass(frozen=True)
class Cover:
    """What the cover of a delivery says. `forms` maps each contained form to its declared totals by field.

    `notes` says what was inferred.
    """

    reporter_code: str
    period: date
    revision: int
    reason: str | None
    is_synthetic: bool
    forms: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    notes: tuple[Problem, ...] = ()


def read_cover(entries: Mapping[str, CoverEntry], forms: Mapping[str, Mapping[str, float]], lists: CodeLists) -> Cover:
    """Returns the cover that the entries give, by key (see TITLES). Raises RefusedFile with every problem found."""
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    for key, read in (("reporter", _text), ("period", _period), ("revision", _revision)):
        entry = entries.get(key)
        if key != "reporter" and values.get("reporter") == REFERENCE_REPORTER:
            values[key] = OF_REFERENCE[key]
        elif entry is None or entry.value in (None, ""):
            problems.append(Problem(MISSING[key], {"label": TITLES[key]}, **(entry.where if entry else {})))
        else:
            try:
                values[key] = read(entry.value)
            except Unreadable as error:
                found = {"label": TITLES[key]}
                problems.append(Problem(error.problem_id, found, **entry.where, value=str(entry.value)))
    if not forms:
        problems.append(Problem("no_form.cover"))
    if problems:
        raise RefusedFile(*problems)
    notes: list[Problem] = []
    if values["reporter"] != REFERENCE_REPORTER:
        values["reporter"], notes = reporter_of(values["reporter"], values["period"], lists, entries["reporter"].where)
    reason, synthetic = (entries[key].value if key in entries else None for key in ("reason", "synthetic"))
    return Cover(
        reporter_code=values["reporter"],
        period=values["period"],
        revision=values["revision"],
        reason=str(reason).strip() if reason else None,
        is_synthetic=is_yes(synthetic),
        forms=forms,
        notes=tuple(notes),
    )


def refuse_reference(cover: Cover) -> None:
    """Raises RefusedFile if the file claims to be reference data, or has a list of it: such a file came another way."""
    lists = {form.name for form in reference_forms()} & cover.forms.keys()
    if cover.reporter_code == REFERENCE_REPORTER or lists:
        raise RefusedFile(Problem("reference_not_here", value=", ".join(sorted(lists)) or cover.reporter_code))


def entries_of(rows: list[list], sheet: str) -> dict[str, CoverEntry]:
    """Returns the entries of a cover sheet by key."""
    keys = {normalised(title): key for key, title in TITLES.items()}
    keys |= {normalised("Đơn vị báo cáo"): "reporter", normalised("Kỳ báo cáo"): "period"}
    found: dict[str, CoverEntry] = {}
    for number, row in enumerate(rows):
        label = normalised(str(row[0])).strip("*: ") if row else ""
        if label in keys:
            value = row[1] if len(row) > 1 else None
            found.setdefault(keys[label], CoverEntry(value, sheet, xl_rowcol_to_cell(number, 1)))
    return found


def forms_of(rows: list[list]) -> dict[str, dict[str, float]]:
    """Returns the contained forms with their declared totals, from the table form | sent | field | total."""
    forms = {normalised(form.title): form for form in submission_forms()}
    contained: dict[str, dict[str, float]] = {}
    for row in rows:
        title, sent, field_title, total = (*row, "", "", "", "")[:4]
        form = forms.get(normalised(str(title)))
        if form is None or not is_yes(sent):
            continue
        declared = contained.setdefault(form.name, {})
        for name in form.totals:
            if normalised(form.field(name).title) == normalised(str(field_title)) and isinstance(total, (int, float)):
                declared[name] = total
    return contained


def is_yes(value: object) -> bool:
    """Returns whether a cell says yes: x, có or true."""
    return str(value).strip().casefold() in ("x", "có", "true")


def _text(value: object) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(value).strip()


def _period(value: object) -> date:
    if isinstance(value, date):
        return date(value.year, value.month, 1)
    matched = PERIOD.fullmatch(normalised(str(value)))
    if matched is None:
        raise Unreadable("period_unreadable.text")
    try:
        return date(int(matched["year"] or matched["its_year"]), int(matched["month"] or matched["month_first"]), 1)
    except ValueError:
        raise Unreadable("period_unreadable.no_month") from None


def _revision(value: object) -> int:
    text = _text(value)
    if not re.fullmatch(r"[1-9]\d{0,8}", text):
        raise Unreadable("revision_unreadable.cover")
    return int(text)
