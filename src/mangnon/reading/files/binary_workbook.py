"""Looks through the records of an .xls (BIFF8) for what calamine does not return."""

import struct
from collections.abc import Iterator

from mangnon.reading.files.inspection import Inspection, Look
from mangnon.reading.files.safety import MOST_CELLS, MOST_SHEETS, too_large
from mangnon.reading.problems import RefusedFile

# Types of records in a BIFF8 stream. The record of a cell begins with its row and its column.
BOF, END, SHEET_NAME, PASSWORD, FORMULA, BOOLEAN_OR_ERROR = 0x809, 0x0A, 0x85, 0x2F, 0x06, 0x205
DIMENSIONS, MOST_ROWS, ROW, COLUMN = 0x200, 65_536, 0x208, 0x7D
NO_RESULT = b"\x03\0\0\0\0\0\xff\xff"
BLANK, MULTIPLE = {0x201, 0xBE}, {0xBD, 0xBE}
CELLS = {FORMULA, BOOLEAN_OR_ERROR, 0x203, 0x204, 0x27E, 0xFD} | BLANK | MULTIPLE


def inspect_xls(stream: bytes, file_name: str, *, is_calculated: bool = True) -> Inspection:
    """Inspects the stream of an .xls. Raises RefusedFile, PermissionError, or ValueError if it is no BIFF8 stream.

    `is_calculated` says whether an office program wrote it: then a formula without a value has the empty text.
    """
    found = Inspection()
    cells = 0
    sheets = [*_binary_sheets(stream)]
    if len(sheets) > MOST_SHEETS:  # all may begin at the same place, and each would be gone through
        raise RefusedFile(too_large(file_name))
    for sheet, start in sheets:
        look = found.looks[sheet] = _look(stream, start, is_calculated)
        cells += look.total[0] * look.total[1]
        if cells > MOST_CELLS:
            raise RefusedFile(too_large(file_name))
    return found


def _look(stream: bytes, start: int, is_calculated: bool) -> Look:
    """Returns what a look through the records of one sheet finds."""
    look, hidden, filled_rows = Look(), set(), set()
    for record, at, size in _records(stream, start):
        if record == DIMENSIONS:
            _refuse_impossible_dimensions(stream[at : at + size])
        elif record == ROW and size >= 14 and stream[at + 12] & 0x20:
            hidden.add(_number(stream, at))
        elif record == COLUMN and size >= 10 and stream[at + 8] & 1:
            look.hidden_columns.append((_number(stream, at), _number(stream, at + 2)))
        if record not in CELLS or size < 6:
            continue
        row, column = _number(stream, at), _number(stream, at + 2)
        last = _number(stream, at + size - 2) if record in MULTIPLE else column
        look.total = max(look.total[0], row + 1), max(look.total[1], last + 1)
        if record not in BLANK and not _is_without_value(stream, record, at):
            rows, columns = look.filled or (0, 0)
            look.filled = max(rows, row + 1), max(columns, last + 1)
            filled_rows.add(row)
        if (record == FORMULA and stream[at + 12 : at + 14] == b"\xff\xff" and stream[at + 6] == 2) or (
            record == BOOLEAN_OR_ERROR and size >= 8 and stream[at + 7] == 1
        ):
            look.errors.append((row, column))
        elif (
            record == FORMULA and not is_calculated and stream[at + 12 : at + 14] == b"\xff\xff" and stream[at + 6] == 3
        ):
            look.uncalculated.append((row, column))
    look.hidden_rows = sorted(hidden & filled_rows)
    return look


def _is_without_value(stream: bytes, record: int, at: int) -> bool:
    """Returns whether a formula has a text or nothing as its value, which may be empty."""
    return record == FORMULA and stream[at + 12 : at + 14] == b"\xff\xff" and stream[at + 6] in (0, 3)


def _number(stream: bytes, at: int) -> int:
    return int.from_bytes(stream[at : at + 2], "little")


def _refuse_impossible_dimensions(record: bytes) -> None:
    """Raises ValueError for dimensions that no .xls can have.

    calamine allocates memory for all of them at once, and the process would end if there is not enough.
    """
    first_row, last_row, first_column, last_column = struct.unpack_from("<4H" if len(record) < 14 else "<2I2H", record)
    if not (first_row <= last_row <= MOST_ROWS and first_column <= last_column):
        raise ValueError("impossible dimensions")


def _binary_sheets(stream: bytes) -> Iterator[tuple[str, int]]:
    for record, at, size in _records(stream, 0):
        if record == PASSWORD:
            raise PermissionError
        if record == SHEET_NAME and size >= 8:
            length, is_wide = stream[at + 6], stream[at + 7] & 1
            name = stream[at + 8 : at + 8 + length * (1 + is_wide)]
            yield name.decode("utf-16-le" if is_wide else "latin-1"), int.from_bytes(stream[at : at + 4], "little")


def _records(stream: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Yields the type, start and size of each record, from the BOF at `at` to its end."""
    if int.from_bytes(stream[at : at + 2], "little") != BOF:
        raise ValueError("the stream is not BIFF8")
    while at + 4 <= len(stream):
        record, size = int.from_bytes(stream[at : at + 2], "little"), int.from_bytes(stream[at + 2 : at + 4], "little")
        if record == END:
            return
        yield record, at + 4, size
        at += 4 + size
