"""What the cover says of each form: it has data, nothing happened, or there is no report yet.

Only words say that nothing happened. Silence never does, and a mark that is not known is asked about.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from xlsxwriter.utility import xl_rowcol_to_cell

from mangnon.contract.forms import NOT_YET, NOTHING_HAPPENED, STATEMENTS, WITH_DATA, Form, submission_forms
from mangnon.reading.cells import storable
from mangnon.reading.problems import Problem
from mangnon.reading.vocabulary import NIL_IS_ZERO, fold, normalised

Says = Literal["data", "nothing", "not yet"]

# The template offers the first of each. Until 2026 it asked for an x at each form that was sent.
SIGNS: dict[str, Says] = {sign: "data" for sign in ("x", "×", "✓", "✔", "☑", "√")}
WORDS: dict[str, Says] = {
    **{fold(word): "data" for word in (WITH_DATA, "có", "có gửi", "đã gửi", "có báo cáo", "true", "yes")},
    **{fold(word): "nothing" for word in (NOTHING_HAPPENED, *NIL_IS_ZERO) if fold(word)},
    **{
        fold(word): "not yet"
        for word in (NOT_YET, "chưa", "chưa gửi", "chưa có số liệu", "chưa báo cáo", "không gửi", "sẽ gửi sau", "false")
    },
}
# No total reaches this; the same holds for cells.
LARGEST_TOTAL = 10**15
# A message shows so much of a cell that holds a text without end.
LONGEST_SHOWN = 100


@dataclass
class Statements:
    """The forms that the cover names: those with data or with nothing, with their declared totals by field.

    Those in `refused` are named too: what the cover says of them cannot be understood, which is no fault of the others.
    """

    forms: dict[str, dict[str, float]] = field(default_factory=dict)
    refused: dict[str, Problem] = field(default_factory=dict)
    nothing: set[str] = field(default_factory=set)  # the forms of which it says that nothing happened
    cells: dict[str, str] = field(default_factory=dict)  # where it says so, by form


def statements_of(rows: Iterable[list], sheet: str) -> Statements:
    """Returns what the table form | statement | field | total says.

    A form is refused for a mark that is not known, for two that contradict each other, or for a total that no sum can
    have.
    """
    titles = {normalised(form.title): form for form in submission_forms()}
    lines = [(number, *(*row, "", "", "", "")[:4]) for number, row in enumerate(rows)]
    found = Statements()
    said: dict[str, tuple[Says | None, str]] = {}
    for number, title, mark, *_ in lines:
        form, cell = titles.get(normalised(str(title))), xl_rowcol_to_cell(number, 1)
        if form is None or not (text := normalised(str("" if mark is None else mark))):
            continue  # the cell is blank in the second row of a form
        says = SIGNS.get(text) or WORDS.get(fold(text))
        other, other_cell = said.setdefault(form.name, (says, cell))
        if says is None:
            values = {"form": form.title, "choices": list(STATEMENTS)}
            problem = Problem("form_mark.unknown", values, sheet=sheet, cell=cell, value=_shown(mark))
            found.refused.setdefault(form.name, problem)
        elif says != other:
            values = {"form": form.title, "other_cell": other_cell}
            problem = Problem("form_mark.contradicts", values, sheet=sheet, cell=cell, value=_shown(mark))
            found.refused.setdefault(form.name, problem)
    found.forms |= {name: {} for name, (says, _) in said.items() if says != "not yet" or name in found.refused}
    found.nothing |= {name for name, (says, _) in said.items() if says == "nothing"}
    found.cells |= {name: cell for name, (_, cell) in said.items()}
    for number, title, _, field_title, total in lines:
        form = titles.get(normalised(str(title)))
        if form is None or form.name not in found.forms:
            continue
        for name, sum_of_field in _total(form, field_title, total).items():
            if abs(sum_of_field) < LARGEST_TOTAL:  # NaN is not
                found.forms[form.name][name] = sum_of_field
            else:
                problem = unreadable_total(form, name, total, sheet, xl_rowcol_to_cell(number, 3))
                found.refused.setdefault(form.name, problem)
    return found


def unreadable_total(form: Form, name: str, total: object, sheet: str | None, cell: str) -> Problem:
    """Returns the problem of a declared total that is no number of at most 15 digits."""
    found = {"column": form.field(name).title}
    return Problem("total_unreadable.cover", found, sheet=sheet, field=name, cell=cell, value=_shown(total))


def _total(form: Form, title: object, total: object) -> dict[str, float]:
    name = next((name for name in form.totals if normalised(form.field(name).title) == normalised(str(title))), None)
    return {name: total} if name is not None and isinstance(total, (int, float)) else {}


def _shown(value: object) -> str:
    return storable(str(value))[:LONGEST_SHOWN]
