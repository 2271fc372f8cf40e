"""Opens a file by its content. `files` has a module for each kind of file; the reader treats all kinds alike."""

import zipfile
from pathlib import Path

from mangnon.contract.code_lists import CodeLists
from mangnon.reading.files import bundle, delimited, workbook
from mangnon.reading.files.compound import SIGNATURE as COMPOUND
from mangnon.reading.problems import Problem, RefusedFile
from mangnon.reading.tables import Source

ZIP = b"PK\x03\x04"
WORKBOOKS = {".xlsx", ".xlsm", ".xls", ".ods"}
TEXTS = {".csv", ".txt", ".tsv"}
WORKBOOK_PARTS = {"xl/workbook.xml", "content.xml"}
OTHER_PARTS = ("word/", "ppt/", "xl/workbook.bin", "META-INF/MANIFEST.MF")


def open_source(path: Path, file_name: str, lists: CodeLists, place: str | None) -> Source:
    """Opens a file by its content, whatever its name says, and returns it. Raises RefusedFile.

    `lists` has the known reporters. If it is empty, the cover must give the reporter's code.

    `place` decides who may speak in the file: in the place of a reporter, which is its code, only that reporter; in the
    OFFICE's whichever reporter the cover names; REFERENCE_REPORTER only in what came by the way of reference data. None
    is the place of files that came before there were places: they are read as they were then.
    """
    with path.open("rb") as file:
        start = file.read(4096)
    suffix = Path(file_name).suffix.lower()
    if not start:
        raise RefusedFile(Problem("empty_file.file", {"file_name": file_name}))
    source: Source
    if start.startswith(ZIP):
        if suffix in WORKBOOKS or _is_workbook(path, file_name):
            source = workbook.Workbook(path, file_name, lists, place)
        else:
            source = bundle.Bundle(path, file_name, lists, place)
    elif start.startswith(COMPOUND):
        source = workbook.Workbook(path, file_name, lists, place)
    else:
        _refuse_web_page(start, file_name)
        if b"\0" in start and suffix not in TEXTS and not start.startswith(delimited.UTF_16):
            raise RefusedFile(_unknown_format(file_name, suffix))
        try:
            source = delimited.DelimitedFile(path, file_name, lists, place)
        except RefusedFile as refusal:
            if suffix in TEXTS or refusal.problems[0].rule not in ("cover_missing", "not_utf8"):
                raise
            raise RefusedFile(_unknown_format(file_name, suffix)) from refusal
    expected = TEXTS if isinstance(source, delimited.DelimitedFile) else WORKBOOKS | {".zip"}
    if suffix not in expected:
        kind = "text" if expected is TEXTS else "workbook"
        source.notes.append(Problem("inferred_format", {"file_name": file_name, "kind": kind}))
    return source


def _is_workbook(path: Path, file_name: str) -> bool:
    """Returns whether a zip file is a workbook and no archive. Raises RefusedFile for other documents."""
    try:
        with zipfile.ZipFile(path) as parts:
            names = set(parts.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False
    if any(name.startswith(OTHER_PARTS) for name in names):
        raise RefusedFile(_unknown_format(file_name, ""))
    return bool(names & WORKBOOK_PARTS)


def _refuse_web_page(start: bytes, file_name: str) -> None:
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta")):
        raise RefusedFile(Problem("not_a_workbook.web_page", {"file_name": file_name}))


def _unknown_format(file_name: str, suffix: str) -> Problem:
    if suffix in WORKBOOKS:
        return Problem("not_a_workbook.named_like_one", {"file_name": file_name})
    return Problem("unknown_format", {"file_name": file_name})
