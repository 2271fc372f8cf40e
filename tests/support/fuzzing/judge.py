"""Reads a file as a night does, in a process of its own, and says what is wrong with what became of it."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from mangnon.reading.delivery import FileRefused, FormRead, FormRefused, Message
from mangnon.reading.isolation.client import ReadingFailed, reading
from mangnon.reading.problems import UnknownWording
from mangnon.reading.reader import ReadBlock
from support.bad_input import LISTS
from support.fuzzing.mutants import File

OUTCOMES = (FormRead, FormRefused, FileRefused)


@dataclass(frozen=True)
class Verdict:
    """What became of a file; `finding` says what must not be, None if all is well."""

    outcome: str
    finding: str | None
    seconds: float


def judged(file: File) -> Verdict:
    """Reads a file and judges what comes."""
    since = time.monotonic()
    outcome, finding = "nothing", None
    with tempfile.TemporaryDirectory(prefix="mangnon-") as folder:
        path = Path(folder) / "file"
        path.write_bytes(file.content)
        try:
            with reading(path, file.name, LISTS, file.place, sender="fuzz") as messages:
                for message in messages:
                    if isinstance(message, OUTCOMES) and outcome != "read":
                        outcome = "read" if isinstance(message, FormRead) else "refused"
                    finding = finding or _wrong(message)
        except ReadingFailed as failure:
            outcome = "failed"
            finding = f"{failure.problem.id}: {failure.problem.values.get('failure', '')}"
    return Verdict(outcome, finding, time.monotonic() - since)


def _wrong(message: Message) -> str | None:
    """Returns what is wrong with a message."""
    problems = [*getattr(message, "problems", []), *getattr(message, "notes", [])]
    try:
        for problem in problems:
            assert problem.message
    except UnknownWording as error:
        return f"no wording: {error}"
    if isinstance(message, FormRefused | FileRefused) and not problems:
        return "refused without a reason"
    if isinstance(message, FormRead) and not all(abs(total) < 1e18 for total in message.declared_totals.values()):
        return f"no total: {message.declared_totals}"
    return _impossible(message) if isinstance(message, ReadBlock) else None


def _impossible(block: ReadBlock) -> str | None:
    """Returns which value of the rows no cell can have."""
    for name, column in zip(block.rows.column_names, block.rows.columns, strict=True):
        if pa.types.is_string(column.type) and pc.any(pc.match_substring(column, "\0")).as_py():
            return f"NUL in {name}"
        if pa.types.is_floating(column.type) and not pc.all(pc.is_finite(column)).as_py():
            return f"no number in {name}"
        if pa.types.is_date(column.type) and any(day and not 1900 <= day.year <= 9999 for day in column.to_pylist()):
            return f"no day in {name}"
    for row in block.refused:
        if row.row_number < 0 or any("\0" in (cell or "") for cell in row.cells.values()):
            return "a refused row that cannot be stored"
    return None
