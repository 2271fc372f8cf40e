"""Workbooks: .xlsx, .xls and .ods, made from the template or by hand."""

import struct
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum
from xlsxwriter.utility import xl_rowcol_to_cell

from mangnon.contract.code_lists import CodeLists
from mangnon.contract.forms import (
    ANSWER_SHEET,
    ANSWER_TITLE,
    INSTRUCTION_SHEET,
    LISTS_SHEET,
    STATEMENT_COLUMN,
    Form,
    submission_forms,
)
from mangnon.reading import fonts, layout, shapes, titles
from mangnon.reading.cover import CoverEntry, entries_of, read_cover
from mangnon.reading.files.inspection import Position
from mangnon.reading.files.open_document import without_indentation
from mangnon.reading.files.safety import MOST_SHEETS, password_protected, too_large
from mangnon.reading.files.sheet import Sheet, blocks, is_filled, is_remark, is_wide
from mangnon.reading.files.shown import Shown
from mangnon.reading.files.workbook_parts import inspect_workbook
from mangnon.reading.problems import Problem, RefusedFile, RefusedForm
from mangnon.reading.reporters import answering
from mangnon.reading.rows import listed_rows
from mangnon.reading.statements import statements_of
from mangnon.reading.tables import Table, empty_table
from mangnon.reading.vocabulary import NOTHING_HAPPENED, fold, normalised

COVER = "Bìa"
VALUES_ON_COVER = 1  # the column
CELLS_NAMED = 10
# Errors that a damaged file can cause; see also _is_broken.
BROKEN = (
    CalamineError, OSError, LookupError, ValueError, OverflowError, NotImplementedError, RecursionError,
    struct.error, zipfile.BadZipFile, ElementTree.ParseError, expat.ExpatError,
)  # fmt: skip
OF_TEMPLATE = {normalised(name) for name in (COVER, INSTRUCTION_SHEET, LISTS_SHEET)}


class Workbook:
    """An opened workbook; implements mangnon.reading.tables.Source."""

    def __init__(self, path: Path, file_name: str, lists: CodeLists, place: str | None) -> None:
        self.file_name = file_name
        self.notes: list[Problem] = []
        self._lists = lists
        self._place, self._path = place, path
        self._open(path)
        self._convert: fonts.Convert | None = None
        self._sheets: dict[str, Sheet] = {}
        covers = [name for name in self._book.sheet_names if normalised(name) == normalised(COVER)]
        self._decide_font(covers or self._book.sheet_names)
        self._of_form: dict[str, list[str]] = {}
        self._refused: dict[str, Problem] = {}
        if covers:
            entries = entries_of(self._sheet(covers[0]).rows, COVER)
            with answering(lambda: [str(entries["reporter"].value)] if "reporter" in entries else [], lists):
                self._read_cover(covers[0], entries)
        else:
            self._read_titles()
        self.notes += self.cover.notes
        for sheet in self._book.sheets_metadata:
            if sheet.visible != SheetVisibleEnum.Visible and any(sheet.name in of for of in self._of_form.values()):
                self.notes.append(Problem("sheet_hidden", sheet=sheet.name))

    def table(self, form: Form) -> Table:
        """Returns the table on the form's sheet.

        Raises RefusedForm if the cover does not say clearly what the form has, if the sheet or its header is missing,
        if two sheets hold the form, if the sheet has cells with errors, or if its titles contradict the cover.
        """
        if form.name in self._refused:
            raise RefusedForm(self._refused[form.name])
        names = self._of_form.get(form.name, [])
        says_nothing = form.name in self.cover.nothing
        if says_nothing and not any(is_filled(row) for name in names for row in self._sheet(name).head):
            return empty_table(form)
        if len(names) != 1:
            raise RefusedForm(self._sheet_missing(form) if not names else _sheet_doubled(form, names))
        sheet = self._sheet(names[0])
        if sheet.errors:
            raise RefusedForm(_formula_error(sheet))
        header = layout.find_header(sheet.head, sheet.merged, form)
        if header is None:
            shapes.refuse_transposed(sheet.head, sheet.name)
            raise RefusedForm(_header_missing(sheet, form))
        shapes.refuse_beside(sheet.head, sheet.merged, header, form, sheet.name)
        lines = titles.lines_above(sheet.head[: header.first_row], sheet.name)
        try:
            titles.refuse_other_titles(lines, self.cover, self._lists)
        except RefusedFile as refusal:
            raise RefusedForm(*refusal.problems) from refusal
        titles.refuse_scaled_counts(lines)
        shapes.refuse_merged_numbers(sheet.rows, sheet.merged, header, form, sheet.name)
        _refuse_unknown_results(sheet, header, form)
        del self._sheets[sheet.name]  # frees the memory of its rows
        return Table(
            sheet.name, header.last_row + 1, header.paths, blocks(sheet, header, len(header.paths)),
            titles.unit_above(lines), notes=_hidden(sheet, header, form), shown=Shown(self._path, sheet.name).at,
            is_converted=self._convert is not None, says_nothing=says_nothing,
            statement={"sheet": COVER, "cell": cell} if (cell := self.cover.statements.get(form.name)) else {},
        )  # fmt: skip

    def _open(self, path: Path) -> None:
        try:
            self._inspection = inspect_workbook(path, self.file_name)
            if self._inspection.merged is None:
                self._book = CalamineWorkbook.from_path(str(path))
            else:
                with without_indentation(path, self.file_name) as book:
                    self._book = CalamineWorkbook.from_path(str(book))
        except (PasswordError, PermissionError) as error:
            raise RefusedFile(password_protected(self.file_name)) from error
        except BaseException as error:
            if not _is_broken(error):
                raise
            raise RefusedFile(_not_a_workbook(self.file_name, error)) from error
        if len(self._book.sheet_names) > MOST_SHEETS:
            raise RefusedFile(too_large(self.file_name))
        if self._book.sheet_names != list(self._inspection.looks):
            raise RefusedFile(Problem("readings_differ", {"file_name": self.file_name}))

    def _sheet(self, name: str) -> Sheet:
        if name not in self._sheets:
            try:
                sheet = Sheet(name, self._book.get_sheet_by_name(name), self._inspection, self._convert)
                agrees = sheet.agrees
            except BaseException as error:
                if not _is_broken(error):
                    raise
                raise RefusedFile(_not_a_workbook(self.file_name, error)) from error
            if not agrees:
                raise RefusedFile(Problem("readings_differ", {"file_name": self.file_name}, sheet=name))
            self._sheets[name] = sheet
        return self._sheets[name]

    def _decide_font(self, names: Iterable[str]) -> None:
        names = list(names)
        texts = {cell for name in names for row in self._sheet(name).head for cell in row if isinstance(cell, str)}
        way = fonts.conversion(texts, self._inspection.fonts, self._lists, self.file_name)
        if way:
            self._convert = fonts.CONVERT[way]
            self.notes.append(fonts.inferred(way, self.file_name))
            self._sheets = {}

    def _read_cover(self, name: str, entries: dict[str, CoverEntry]) -> None:
        sheet = self._sheet(name)
        if sheet.errors:
            raise RefusedFile(_formula_error(sheet))
        if unknown := [place for place in sheet.look.uncalculated if place[1] == VALUES_ON_COVER]:
            raise RefusedFile(_not_calculated(sheet, unknown))
        rows = sheet.rows
        said = statements_of(rows, COVER)
        self.cover, self._refused = read_cover(entries, said, self._lists, self._place), said.refused
        for form in submission_forms():
            exact = [name for name in self._book.sheet_names if normalised(name) == normalised(form.title)]
            if exact:
                self._of_form[form.name] = exact
        known = {name for names in self._of_form.values() for name in names}
        left = [name for name in self._book.sheet_names if name not in known]
        guessed = self._assign(left, without=set(self._of_form))
        for name, forms in self._of_form.items():
            if name not in self.cover.forms and (filled := next(filter(self._has_data, forms), None)):
                self._refused[name] = Problem("form_not_announced", {"column": STATEMENT_COLUMN}, sheet=filled)
                self.cover = replace(self.cover, forms={**self.cover.forms, name: {}})
        self._note_guesses({form: names for form, names in guessed.items() if form in self.cover.forms})

    def _read_titles(self) -> None:
        guessed = self._assign(self._book.sheet_names, without=set())
        lines, contained = [], []
        for name, names in self._of_form.items():
            form = next(form for form in submission_forms() if form.name == name)
            for sheet in map(self._sheet, names):
                header = layout.find_header(sheet.head, sheet.merged, form)
                if header is None:
                    _as_file(shapes.refuse_transposed, sheet.head, sheet.name)
                lines += titles.lines_above(sheet.head[: header.first_row if header else None], sheet.name)
            if any(self._has_data(sheet_name) for sheet_name in names):
                contained.append(name)
            else:
                self.notes.append(Problem("sheet_empty", sheet=names[0]))
        if not contained and not lines:
            raise RefusedFile(Problem("cover_missing.workbook", {"file_name": self.file_name}))
        with answering(lambda: titles.naming(lines), self._lists):
            self.cover = titles.cover_from_titles(lines, contained, self._lists, self.file_name, self._place)
            if not contained:
                raise RefusedFile(Problem("no_form.file", {"file_name": self.file_name}))
        self._note_guesses(guessed)

    def _assign(self, names: Iterable[str], without: set[str]) -> dict[str, list[str]]:
        """Finds the form of each sheet by its name, else by its header. Returns form → the sheets inferred."""
        guessed: dict[str, list[str]] = {}
        for name in names:
            if normalised(name) in OF_TEMPLATE:
                continue
            sheet = self._sheet(name)
            if not any(map(is_filled, sheet.head)) or _is_answer(sheet):
                continue
            form, is_exact = layout.form_of_title(name)
            forms = [form] if form else [] if is_wide(sheet.head) else layout.forms_of_header(sheet.head, sheet.merged)
            if len(forms) > 1:
                _as_file(shapes.refuse_two, sheet.head, sheet.merged, forms, name)
                raise RefusedFile(_form_ambiguous(name, forms))
            if not forms and not is_wide(sheet.head):
                _as_file(shapes.refuse_transposed, sheet.head, sheet.name, [*without])
            if forms and forms[0].name in without and self._has_rows(sheet, forms[0]):
                self._of_form[forms[0].name].append(name)  # two sheets claim the form
                continue
            if not forms or forms[0].name in without:
                self.notes.append(Problem("sheet_not_read", {"file_name": self.file_name}, sheet=name))
                continue
            self._of_form.setdefault(forms[0].name, []).append(name)
            if not is_exact:
                guessed.setdefault(forms[0].name, []).append(name)
        return guessed

    def _note_guesses(self, guessed: dict[str, list[str]]) -> None:
        titles_of = {form.name: form.title for form in submission_forms()}
        for form, names in guessed.items():
            for name in names:
                self.notes.append(Problem("inferred_form.sheet", {"form": titles_of[form]}, sheet=name))

    def _has_data(self, name: str) -> bool:
        form_name = next(form for form, names in self._of_form.items() if name in names)
        form = next(form for form in submission_forms() if form.name == form_name)
        return self._has_rows(self._sheet(name), form)

    def _has_rows(self, sheet: Sheet, form: Form) -> bool:
        header = layout.find_header(sheet.head, sheet.merged, form)
        if header is None:
            return any(fold(str(cell)) in NOTHING_HAPPENED for row in sheet.head for cell in row)
        is_unknown = any(row > header.last_row for row, _ in sheet.unknown_results)
        return is_unknown or not all(map(is_remark, sheet.rows[header.last_row + 1 :]))

    def _sheet_missing(self, form: Form) -> Problem:
        return Problem("sheet_missing", {"form": form.title, "file_name": self.file_name})


def _is_broken(error: BaseException) -> bool:
    """Returns whether an error means that the file is damaged. A panic in calamine's Rust is no Exception."""
    return isinstance(error, BROKEN) or type(error).__name__ == "PanicException"


def _not_a_workbook(file_name: str, error: BaseException) -> Problem:
    return Problem("not_a_workbook.broken", {"file_name": file_name}, value=str(error))


def _as_file(refuse: Callable[..., None], *found: object) -> None:
    """Calls a function that may raise RefusedForm. Raises RefusedFile in its place."""
    try:
        refuse(*found)
    except RefusedForm as refusal:
        raise RefusedFile(*refusal.problems) from refusal


def _formula_error(sheet: Sheet) -> Problem:
    return Problem("formula_error", {"cells": sheet.errors[:10]}, sheet=sheet.name, cell=sheet.errors[0])


def _is_answer(sheet: Sheet) -> bool:
    """Returns whether a sheet is what we told the reporter, sent back with the workbook."""
    first = str(sheet.head[0][0]) if sheet.head and sheet.head[0] else ""
    return normalised(sheet.name) == normalised(ANSWER_SHEET) and first.startswith(ANSWER_TITLE)


def _not_calculated(sheet: Sheet, places: list[Position]) -> Problem:
    cells = [xl_rowcol_to_cell(*place) for place in places]
    are_zeros = not set(places) & set(sheet.look.uncalculated)
    found = {"cells": cells[:CELLS_NAMED], "more": max(len(cells) - CELLS_NAMED, 0), "are_zeros": are_zeros}
    return Problem("not_calculated", found, sheet=sheet.name, cell=cells[0])


def _refuse_unknown_results(sheet: Sheet, header: layout.Header, form: Form) -> None:
    """Raises RefusedForm if a formula in a column of the form has no result that is surely calculated."""
    columns = header.fields(form)
    unknown = [(row, column) for row, column in sheet.unknown_results if row > header.last_row and column in columns]
    if unknown:
        raise RefusedForm(_not_calculated(sheet, unknown))


def _hidden(sheet: Sheet, header: layout.Header, form: Form) -> list[Problem]:
    """Returns what is hidden on the sheet, and read like the rest."""
    notes = []
    if rows := [row + 1 for row in sheet.look.hidden_rows if row > header.last_row]:
        notes.append(Problem("rows_hidden", listed_rows(rows), sheet=sheet.name))
    fields = header.fields(form)
    hidden = {column for first, last in sheet.look.hidden_columns for column in fields if first <= column <= last}
    if hidden:
        columns = {"columns": [fields[column].field.title for column in sorted(hidden)]}
        notes.append(Problem("columns_hidden", columns, sheet=sheet.name))
    return notes


def _header_missing(sheet: Sheet, form: Form) -> Problem:
    return Problem("header_missing.sheet", {"form": form.title}, sheet=sheet.name)


def _sheet_doubled(form: Form, names: list[str]) -> Problem:
    return Problem("sheet_doubled", {"sheets": names, "form": form.title}, sheet=names[0])


def _form_ambiguous(sheet: str, forms: list[Form]) -> Problem:
    return Problem("form_ambiguous.sheet", {"forms": [form.title for form in forms]}, sheet=sheet)
