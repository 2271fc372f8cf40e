"""The cover: reporter, month, forms, revision and its reason, and the declared totals."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell

from mangnon.contract.code_lists import REFERENCE_PERIOD, REFERENCE_REPORTER, CodeLists
from mangnon.contract.forms import HIGHEST_REVISION, STATEMENT_COLUMN, STATEMENTS
from mangnon.reading.cells import NUL_SIGN, storable
from mangnon.reading.months import NoMonth, month_of
from mangnon.reading.problems import Place, Problem, RefusedFile
from mangnon.reading.reporters import refuse_other_place, refuse_reference, reporter_of
from mangnon.reading.statements import SIGNS, Statements
from mangnon.reading.vocabulary import normalised

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
# Files that came before there were places had no other bound.
HIGHEST_OTHER_REVISION = 999_999_999
# Marks beside “Dữ liệu mẫu (giả định)”.
YES = {*SIGNS, "có", "true", "yes", "1"}
NO = {"", "không", "false", "no", "0"}


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
    """What the cover of a delivery says. `forms` maps each form that it reports on to its declared totals by field.

    `nothing` has those of which it says that nothing happened, `statements` the cell that says what each form has.
    `notes` says what was inferred.
    """

    reporter_code: str
    period: date
    revision: int
    reason: str | None
    is_synthetic: bool
    forms: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    notes: tuple[Problem, ...] = ()
    nothing: frozenset[str] = frozenset()
    statements: Mapping[str, str] = field(default_factory=dict)


def read_cover(entries: Mapping[str, CoverEntry], said: Statements, lists: CodeLists, place: str | None) -> Cover:
    """Returns the cover that the entries give, by key (see TITLES). Raises RefusedFile with every problem found.

    `place` decides who may speak: see mangnon.reading.opening.
    """
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
                if key == "reporter":
                    refuse_reference(values[key], place, entry.where)
                elif key == "revision" and values[key] > highest_revision(place):
                    raise Unreadable("revision_unreadable.cover")
            except (Unreadable, NoMonth) as error:
                found = {"label": TITLES[key], "highest": highest_revision(place)}
                problems.append(Problem(error.problem_id, found, **entry.where, value=storable(str(entry.value))))
    reason, synthetic = (entries[key].value if key in entries else None for key in ("reason", "synthetic"))
    if NUL_SIGN in storable(str(reason)):
        found = {"label": TITLES["reason"]}
        problems.append(Problem("unstorable_text.cover", found, **entries["reason"].where, value=storable(str(reason))))
    if _is_unclear(synthetic):
        problems.append(Problem("synthetic_unclear", {"label": TITLES["synthetic"]}, **entries["synthetic"].where))
    if not said.forms:
        problems.append(Problem("no_form.cover", {"column": STATEMENT_COLUMN, "choices": list(STATEMENTS)}))
    if problems:
        raise RefusedFile(*problems)
    notes: list[Problem] = []
    if values["reporter"] != REFERENCE_REPORTER:
        period = entries["period"]
        if not month_of(period.value).is_usual:
            found = {"period": values["period"]}
            notes.append(Problem("inferred_period", found, **period.where, value=str(period.value)))
        named, where = values["reporter"], entries["reporter"].where
        values["reporter"], inferred = reporter_of(named, values["period"], lists, where)
        notes += inferred
        refuse_other_place(values["reporter"], place, named, where)
    return Cover(
        reporter_code=values["reporter"],
        period=values["period"],
        revision=values["revision"],
        reason=str(reason).strip() if reason else None,
        is_synthetic=_is_yes(synthetic),
        forms=said.forms,
        notes=tuple(notes),
        nothing=frozenset(said.nothing),
        statements=said.cells,
    )


def highest_revision(place: str | None) -> int:
    """Returns the highest revision that a file in this place may have."""
    return HIGHEST_OTHER_REVISION if place in (None, REFERENCE_REPORTER) else HIGHEST_REVISION


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


def _is_yes(value: object) -> bool:
    return _mark(value) in YES


def _is_unclear(value: object) -> bool:
    """Returns whether a mark says neither yes nor no: made-up data must not be taken for real."""
    return _mark(value) not in YES | NO


def _mark(value: object) -> str:
    return normalised("" if value is None else _text(value))


def _text(value: object) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(value).strip()


def _period(value: object) -> date:
    return month_of(value).first_day


def _revision(value: object) -> int:
    text = _text(value)
    if not re.fullmatch(r"[1-9]\d{0,8}", text):
        raise Unreadable("revision_unreadable.cover")
    return int(text)
