"""The messages of the process that reads a file, as bytes on a pipe: JSON, and Arrow IPC for the typed rows.

A file may have taken over the process that reads it. So nothing here is unpickled, and everything is checked: sizes,
types, the schema of the rows against the form. Texts lose what PostgreSQL cannot store (NUL, surrogates).
"""

import json
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from mangnon.contract.code_lists import OFFICE, REFERENCE_REPORTER
from mangnon.contract.forms import Form, all_forms
from mangnon.reading.cells import storable
from mangnon.reading.cover import Cover
from mangnon.reading.delivery import FileRefused, FormBegun, FormRead, FormRefused, Message, Opened
from mangnon.reading.isolation.limits import MESSAGE
from mangnon.reading.problems import Problem, catalogue
from mangnon.reading.reader import ReadBlock, RefusedRow, schema_of

SIZES = struct.Struct("<II")  # bytes of JSON, bytes of Arrow
# A block is sent in parts of so many rows, and of so many refused rows or problems.
ROWS, FOUND = 20_000, 2_000


class BadMessage(Exception):
    """A message that no reader sends."""


class TooMuchOutput(Exception):
    """A message is too large, or all of them are."""


@dataclass(frozen=True)
class Failed:
    """Reading ended with an exception. `trace` is for the operator."""

    failure: str
    trace: str


@dataclass(frozen=True)
class Done:
    """All messages about a file have come. `is_worn` says whether its reader is too large to read another."""

    is_worn: bool


def encoded(message: Message | Failed | Done) -> Iterator[bytes]:
    """Yields the message as bytes, a large block in parts."""
    if isinstance(message, ReadBlock):
        for part in _parts(message):
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, part.rows.schema) as stream:
                stream.write_table(part.rows)
            found = {"refused": list(map(asdict, part.refused)), "problems": _sent(part.problems)}
            yield _framed("block", found, sink.getvalue())
    else:
        yield _framed(*_ENCODERS[type(message)](message), b"")


def _parts(block: ReadBlock) -> Iterator[ReadBlock]:
    count = max(-(-block.rows.num_rows // ROWS), -(-len(block.refused) // FOUND), -(-len(block.problems) // FOUND))
    for number in range(count):
        found = slice(number * FOUND, (number + 1) * FOUND)
        yield ReadBlock(block.rows.slice(number * ROWS, ROWS), block.refused[found], block.problems[found])


def _framed(kind: str, content: Mapping[str, Any], rows: Any) -> bytes:
    text = json.dumps({"kind": kind, **content}, default=date.isoformat).encode()
    if len(text) + len(rows) > MESSAGE:
        raise TooMuchOutput
    return SIZES.pack(len(text), len(rows)) + text + memoryview(rows)


def _sent(problems: list[Problem]) -> list[dict[str, Any]]:
    return [{key: value for key, value in vars(problem).items() if value is not None} for problem in problems]


_ENCODERS: dict[type, Callable[[Any], tuple[str, dict[str, Any]]]] = {
    Opened: lambda message: ("opened", {"cover": vars(message.cover) | {"notes": [], "nothing": [], "statements": {}}}),
    FileRefused: lambda message: (
        "file refused",
        {"problems": _sent(message.problems), "reporter": message.reporter},
    ),
    FormBegun: lambda message: ("form begun", {"form": message.form, "notes": _sent(message.notes)}),
    FormRead: lambda message: (
        "form read",
        {"declared_totals": dict(message.declared_totals), "notes": _sent(message.notes)},
    ),
    FormRefused: lambda message: ("form refused", {"problems": _sent(message.problems)}),
    Failed: lambda message: ("failed", vars(message)),
    Done: lambda message: ("done", vars(message)),
}


class Decoder:
    """Turns the bytes of one file's messages into messages again. It remembers the form whose blocks follow.

    A reader that a file has taken over must not speak for others, so it is held to the place of the file here again.
    """

    def __init__(self, place: str | None) -> None:
        self._place = place
        self._form: Form | None = None

    def message(self, text: bytes, rows: bytes) -> Message | Failed | Done:
        """Returns the message. Raises BadMessage if no reader sends such a one."""
        try:
            content = _storable(json.loads(text, parse_constant=_refuse_constant))
            return self._decoded(content.pop("kind"), content, rows)
        except BadMessage:
            raise
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, pa.ArrowException) as error:
            raise BadMessage(f"{type(error).__name__}: {error}") from error

    def _decoded(self, kind: str, content: dict[str, Any], rows: bytes) -> Message | Failed | Done:
        if kind == "opened":
            cover = _cover(content["cover"])
            if self._place not in (None, OFFICE, cover.reporter_code):
                raise BadMessage(f"a cover of {cover.reporter_code!r} in the place {self._place!r}")
            if self._place == OFFICE and cover.reporter_code == REFERENCE_REPORTER:
                raise BadMessage("reference data in the place of the office")
            return Opened(cover)
        if kind == "file refused":
            # Only in the office's place a file may say whose it is.
            named = content["reporter"] if self._place == OFFICE else None
            if not isinstance(named, str | None) or named == REFERENCE_REPORTER:
                raise BadMessage(f"a refused file of {named!r}")
            return FileRefused(_problems(content["problems"]), named)
        if kind == "form begun":
            self._form = all_forms()[content["form"]]
            return FormBegun(self._form.name, _problems(content["notes"]))
        if kind == "block" and self._form is not None:
            refused = [RefusedRow(**_row(row)) for row in content["refused"]]
            return ReadBlock(_table(rows, self._form), refused, _problems(content["problems"]))
        if kind == "form read" and self._form is not None:
            return FormRead(_totals(content["declared_totals"], self._form), _problems(content["notes"]))
        if kind == "form refused" and self._form is not None:
            return FormRefused(_problems(content["problems"]))
        if kind == "failed":
            return Failed(str(content["failure"])[:200], str(content["trace"])[:20_000])
        if kind == "done":
            return Done(bool(content["is_worn"]))
        raise BadMessage(f"a message of the kind {kind!r}")


def _refuse_constant(name: str) -> float:
    raise BadMessage(f"the number {name}")


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    return {storable(key): _storable(item) for key, item in value.items()} if isinstance(value, dict) else value


def _cover(content: dict[str, Any]) -> Cover:
    forms = {name: _totals(totals, all_forms()[name]) for name, totals in content["forms"].items()}
    reason = content["reason"]
    if not (
        isinstance(content["reporter_code"], str)
        and type(content["revision"]) is int
        and isinstance(content["is_synthetic"], bool)
        and (reason is None or isinstance(reason, str))
    ):
        raise BadMessage("a cover of other types")
    return Cover(
        content["reporter_code"], date.fromisoformat(content["period"]), content["revision"], reason,
        content["is_synthetic"], forms,
    )  # fmt: skip


def _totals(content: dict[str, Any], form: Form) -> dict[str, float]:
    if not all(name in form.totals and type(total) in (int, float) for name, total in content.items()):
        raise BadMessage("totals that the form does not have")
    return content


def _problems(content: list[dict[str, Any]]) -> list[Problem]:
    problems = [Problem(found.pop("id"), found.pop("values"), **found) for found in content]
    for problem in problems:
        if problem.rule not in catalogue() or not isinstance(problem.row, int | None):
            raise BadMessage("a problem that is not in the catalogue")
        for text in (problem.sheet, problem.field, problem.cell, problem.value, problem.title):
            if not isinstance(text, str | None):
                raise BadMessage("a problem with a place of other types")
    return problems


def _row(content: dict[str, Any]) -> dict[str, Any]:
    if type(content["row_number"]) is not int or not isinstance(content["sheet_name"], str | None):
        raise BadMessage("a refused row of other types")
    return content


def _table(rows: bytes, form: Form) -> pa.Table:
    with pa.ipc.open_stream(rows) as stream:
        if not stream.schema.equals(schema_of(form)):
            raise BadMessage(f"rows that are none of the form {form.name}")
        table = stream.read_all()
    table.validate(full=True)
    return table
