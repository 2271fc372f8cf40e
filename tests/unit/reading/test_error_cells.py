"""A cell with an error refuses its form, however the workbook spells it: no error is read as an empty cell."""

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from support.bad_input import submission
from support.hostile import SHEET
from support.reading import read

from mangnon.reading.problems import RefusedForm

RELATIONS = "xl/_rels/workbook.xml.rels"
MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
Parts = dict[str, bytes]


def workbook(path: Path, error: bytes, change: Callable[[Parts], Parts] = dict) -> Path:
    """Writes a good workbook with an error in G4, and with its parts changed. Returns its path."""
    submission(path)
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    assert b'<c r="G4"' not in parts[SHEET]
    parts[SHEET] = parts[SHEET].replace(b'<c r="L4"', error + b'<c r="L4"')
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in change(parts).items():
            book.writestr(name, content)
    return path


def refused(path: Path) -> list[tuple[str, str | None]]:
    """Returns rule and cell of the critical problems."""
    try:
        problems = read(path)[2]
    except RefusedForm as refusal:
        problems = list(refusal.problems)
    return [(problem.rule, problem.cell) for problem in problems if problem.severity == "critical"]


@pytest.mark.parametrize(
    "error",
    [
        b'<c r="G4" t="e"><v>#N/A</v></c>',
        b'<c t="e" r="G4"><v>#N/A</v></c>',
        b"<c r='G4' t='e'><v>#N/A</v></c>",
        b'<c  r = "G4"\nt = "e" ><v>#DIV/0!</v></c>',
        b'<c r="g4" t="e"><v>#DIV/0!</v></c>',
        b'<c x=">" r="G4" t="e"><v>#N/A</v></c>',
        b'<c t="e"><v>#N/A</v></c>',
    ],
)
def test_the_spelling_of_a_cell_hides_no_error(error: bytes, tmp_path: Path) -> None:
    assert refused(workbook(tmp_path / "a.xlsx", error)) == [("formula_error", "G4")]


def strict(parts: Parts) -> Parts:
    """The namespaces of Strict Open XML."""
    return {
        name: content.replace(MAIN, b"http://purl.oclc.org/ooxml/spreadsheetml/main") for name, content in parts.items()
    }


def prefixed(parts: Parts) -> Parts:
    """Every element of the sheet has a prefix."""
    sheet = re.sub(rb"<(/?)(?=[a-zA-Z])", rb"<\1x:", parts[SHEET]).replace(b"xmlns=", b"xmlns:x=")
    return parts | {SHEET: sheet}


def elsewhere(target: bytes, name: str) -> Callable[[Parts], Parts]:
    """The sheet lies in another part, and the relations say so."""

    def change(parts: Parts) -> Parts:
        parts[RELATIONS] = parts[RELATIONS].replace(b"worksheets/sheet3.xml", target)
        parts[name] = parts.pop(SHEET)
        return parts

    return change


@pytest.mark.parametrize(
    "change",
    [
        strict,
        prefixed,
        elsewhere(b"/xl/worksheets/sheet3.xml", SHEET),
        elsewhere(b"WORKSHEETS/SHEET3.XML", SHEET),
        elsewhere(b"worksheets/sheet3.dat", "xl/worksheets/sheet3.dat"),
    ],
)
def test_the_place_of_a_sheet_hides_no_error(change: Callable[[Parts], Parts], tmp_path: Path) -> None:
    assert refused(workbook(tmp_path / "a.xlsx", b'<c r="G4" t="e"><v>#N/A</v></c>', change)) == [
        ("formula_error", "G4")
    ]


def test_a_sheet_that_nobody_has_inspected_is_not_read(tmp_path: Path) -> None:
    change = elsewhere(b"../xl/worksheets/sheet3.xml", SHEET)
    path = workbook(tmp_path / "a.xlsx", b'<c r="G4" t="e"><v>#N/A</v></c>', change)
    assert refused(path) == [("not_a_workbook", None)]


def test_two_members_of_one_name_refuse_the_file(tmp_path: Path) -> None:
    path = submission(tmp_path / "a.xlsx")
    with zipfile.ZipFile(path, "a") as book, pytest.warns(UserWarning, match="Duplicate name"):
        book.writestr(SHEET, book.read(SHEET))
    assert refused(path) == [("not_a_workbook", None)]
