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
# The kinds of other files, by what their parts or their first bytes are; problems.yml has their names.
OTHER_PARTS = {
    "word/": "word", "ppt/": "powerpoint", "xl/workbook.bin": "xlsb", "META-INF/MANIFEST.MF": "program",
    "Index/Document.iwa": "iwork", "Index/Tables/": "iwork", "Index.zip": "iwork", "index.apxl": "iwork",
    "OEBPS/": "book", "AndroidManifest.xml": "program",
}  # fmt: skip
OTHER_STARTS = {
    b"%PDF": "pdf", b"\xff\xd8\xff": "picture", b"\x89PNG": "picture", b"GIF8": "picture", b"II*\0": "picture",
    b"MM\0*": "picture", b"Rar!": "archive", b"7z\xbc\xaf": "archive", b"\x1f\x8b": "archive", b"{\\rtf": "word",
    b"bplist": "iwork", b'{"url"': "shortcut", b"{\"doc_id\"": "shortcut",
}  # fmt: skip
OPEN_DOCUMENTS = {b"text": "word", b"presentation": "powerpoint", b"graphics": "picture", b"database": "database"}


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
        for sign, kind in OTHER_STARTS.items():
            if start.startswith(sign) or (kind == "picture" and start[4:12] == b"ftypheic"):
                raise RefusedFile(_other_kind(file_name, kind))
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
            names = {name.replace("\\", "/") for name in parts.namelist()}
            start = parts.read("mimetype")[:100] if "mimetype" in names else b""
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False
    kinds = {kind for part, kind in OTHER_PARTS.items() if any(name.startswith(part) for name in names)}
    kinds |= {kind for word, kind in OPEN_DOCUMENTS.items() if b"opendocument." + word in start}
    if kinds and not WORKBOOK_PARTS & names - {"content.xml"}:
        raise RefusedFile(_other_kind(file_name, min(kinds)))
    return bool(names & WORKBOOK_PARTS)


def _refuse_web_page(start: bytes, file_name: str) -> None:
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta")):
        raise RefusedFile(Problem("not_a_workbook.web_page", {"file_name": file_name}))


def _other_kind(file_name: str, kind: str) -> Problem:
    return Problem("unknown_format.named", {"file_name": file_name, "kind": kind})


def _unknown_format(file_name: str, suffix: str) -> Problem:
    if suffix in WORKBOOKS:
        return Problem("not_a_workbook.named_like_one", {"file_name": file_name})
    return Problem("unknown_format.any", {"file_name": file_name})
