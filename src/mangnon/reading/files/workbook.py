"""Workbooks: .xlsx, .xls and .ods, made from the template or by hand."""

import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from mangnon.contract.code_lists import CodeLists
from mangnon.contract.forms import INSTRUCTION_SHEET, LISTS_SHEET, STATEMENT_COLUMN, Form, submission_forms
from mangnon.reading import fonts, layout, titles
from mangnon.reading.cover import entries_of, read_cover
from mangnon.reading.files.safety import MOST_SHEETS, password_protected, too_large
from mangnon.reading.files.sheet import Sheet, blocks, is_filled, is_remark, is_wide
from mangnon.reading.files.workbook_parts import inspect_workbook
from mangnon.reading.problems import Problem, RefusedFile, RefusedForm
from mangnon.reading.statements import statements_of
from mangnon.reading.tables import Table, empty_table
from mangnon.reading.vocabulary import NOTHING_HAPPENED, fold, normalised

COVER = "Bìa"
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
        self._place = place
        self._open(path)
        self._convert: fonts.Convert | None = None
        self._sheets: dict[str, Sheet] = {}
        covers = [name for name in self._book.sheet_names if normalised(name) == normalised(COVER)]
        self._decide_font(covers or self._book.sheet_names)
        self._of_form: dict[str, list[str]] = {}
        if covers:
            self._read_cover(covers[0])
        else:
            self._read_titles()
        self.notes += self.cover.notes

    def table(self, form: Form) -> Table:
        """Returns the table on the form's sheet.

        Raises RefusedForm if the sheet or its header is missing, if two sheets hold the form, if the sheet has cells
        with errors, or if its titles contradict the cover.
        """
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
            raise RefusedForm(_header_missing(sheet, form))
        lines = titles.lines_above(sheet.head[: header.first_row], sheet.name)
        try:
            titles.refuse_other_titles(lines, self.cover, self._lists)
        except RefusedFile as refusal:
            raise RefusedForm(*refusal.problems) from refusal
        del self._sheets[sheet.name]  # frees the memory of its rows
        return Table(
            sheet.name, header.last_row + 1, header.paths, blocks(sheet, header, len(header.paths)),
            titles.unit_above(lines), is_converted=self._convert is not None, says_nothing=says_nothing,
        )  # fmt: skip

    def _open(self, path: Path) -> None:
        try:
            self._inspection = inspect_workbook(path, self.file_name)
            self._book = CalamineWorkbook.from_path(str(path))
        except (PasswordError, PermissionError) as error:
            raise RefusedFile(password_protected(self.file_name)) from error
        except BaseException as error:
            if not _is_broken(error):
                raise
            raise RefusedFile(_not_a_workbook(self.file_name, error)) from error
        if len(self._book.sheet_names) > MOST_SHEETS:
            raise RefusedFile(too_large(self.file_name))

    def _sheet(self, name: str) -> Sheet:
        if name not in self._sheets:
            try:
                self._sheets[name] = Sheet(name, self._book.get_sheet_by_name(name), self._inspection, self._convert)
            except BaseException as error:
                if not _is_broken(error):
                    raise
                raise RefusedFile(_not_a_workbook(self.file_name, error)) from error
        return self._sheets[name]

    def _decide_font(self, names: Iterable[str]) -> None:
        names = list(names)
        texts = {cell for name in names for row in self._sheet(name).head for cell in row if isinstance(cell, str)}
        way = fonts.conversion(texts, self._inspection.fonts, self._lists, self.file_name)
        if way:
            self._convert = fonts.CONVERT[way]
            self.notes.append(fonts.inferred(way, self.file_name))
            self._sheets = {}

    def _read_cover(self, name: str) -> None:
        sheet = self._sheet(name)
        if sheet.errors:
            raise RefusedFile(_formula_error(sheet))
        rows = sheet.rows
        self.cover = read_cover(entries_of(rows, COVER), statements_of(rows, COVER), self._lists, self._place)
        for form in submission_forms():
            exact = [name for name in self._book.sheet_names if normalised(name) == normalised(form.title)]
            if exact:
                self._of_form[form.name] = exact
        known = {name for names in self._of_form.values() for name in names}
        left = [name for name in self._book.sheet_names if name not in known]
        guessed = self._assign(left, without=set(self._of_form))
        for name, forms in self._of_form.items():
            if name not in self.cover.forms and (filled := next(filter(self._has_data, forms), None)):
                raise RefusedFile(Problem("form_not_announced", {"column": STATEMENT_COLUMN}, sheet=filled))
        self._note_guesses({form: names for form, names in guessed.items() if form in self.cover.forms})

    def _read_titles(self) -> None:
        guessed = self._assign(self._book.sheet_names, without=set())
        lines, contained = [], []
        for name, names in self._of_form.items():
            form = next(form for form in submission_forms() if form.name == name)
            for sheet in map(self._sheet, names):
                header = layout.find_header(sheet.head, sheet.merged, form)
                lines += titles.lines_above(sheet.head[: header.first_row if header else None], sheet.name)
            if any(self._has_data(sheet_name) for sheet_name in names):
                contained.append(name)
            else:
                self.notes.append(Problem("sheet_empty", sheet=names[0]))
        if not contained and not lines:
            raise RefusedFile(Problem("cover_missing.workbook", {"file_name": self.file_name}))
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
            if not any(map(is_filled, sheet.head)):
                continue
            form, is_exact = layout.form_of_title(name)
            forms = [form] if form else [] if is_wide(sheet.head) else layout.forms_of_header(sheet.head, sheet.merged)
            if len(forms) > 1:
                raise RefusedFile(_form_ambiguous(name, forms))
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
        sheet = self._sheet(name)
        header = layout.find_header(sheet.head, sheet.merged, form)
        if header is None:
            return any(fold(str(cell)) in NOTHING_HAPPENED for row in sheet.head for cell in row)
        return not all(map(is_remark, sheet.rows[header.last_row + 1 :]))

    def _sheet_missing(self, form: Form) -> Problem:
        return Problem("sheet_missing", {"form": form.title, "file_name": self.file_name})


def _is_broken(error: BaseException) -> bool:
    """Returns whether an error means that the file is damaged. A panic in calamine's Rust is no Exception."""
    return isinstance(error, BROKEN) or type(error).__name__ == "PanicException"


def _not_a_workbook(file_name: str, error: BaseException) -> Problem:
    return Problem("not_a_workbook.broken", {"file_name": file_name}, value=str(error))


def _formula_error(sheet: Sheet) -> Problem:
    return Problem("formula_error", {"cells": sheet.errors[:10]}, sheet=sheet.name, cell=sheet.errors[0])


def _header_missing(sheet: Sheet, form: Form) -> Problem:
    return Problem("header_missing.sheet", {"form": form.title}, sheet=sheet.name)


def _sheet_doubled(form: Form, names: list[str]) -> Problem:
    return Problem("sheet_doubled", {"sheets": names, "form": form.title}, sheet=names[0])


def _form_ambiguous(sheet: str, forms: list[Form]) -> Problem:
    return Problem("form_ambiguous.sheet", {"forms": [form.title for form in forms]}, sheet=sheet)
