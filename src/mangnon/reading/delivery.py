"""A delivery from its cover to the end of its last form: the order in which it is read, and what is found on the way.

The findings are messages, so that a process of its own can read the file (see `isolation`).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mangnon.contract.code_lists import REFERENCE_REPORTER, CodeLists, Reporter
from mangnon.contract.forms import all_forms
from mangnon.reading.cover import Cover
from mangnon.reading.opening import open_source
from mangnon.reading.problems import Problem, RefusedFile, RefusedForm
from mangnon.reading.reader import FormReader, ReadBlock
from mangnon.reading.tables import Source
from mangnon.settings import TIMEZONE
from mangnon.vietnamese import cover_month


@dataclass(frozen=True)
class Opened:
    """The file could be opened, and this is its cover."""

    cover: Cover


@dataclass(frozen=True)
class FileRefused:
    """The file cannot be read at all. `reporter` is whom it names, if it names anybody."""

    problems: list[Problem]
    reporter: str | None = None


@dataclass(frozen=True)
class FormBegun:
    """The blocks of this form follow. `notes` says what was inferred to open the file."""

    form: str
    notes: list[Problem]


@dataclass(frozen=True)
class FormRead:
    """All blocks of the form have been read: its declared totals, and what was inferred or not read."""

    declared_totals: Mapping[str, float]
    notes: list[Problem]


@dataclass(frozen=True)
class FormRefused:
    """The form cannot be read after all; the blocks before do not count."""

    problems: list[Problem]


Message = Opened | FileRefused | FormBegun | ReadBlock | FormRead | FormRefused


def read_cover_of(path: Path, file_name: str, lists: CodeLists, place: str | None) -> Iterator[Message]:
    """Yields one message: the cover, or why there is none."""
    try:
        yield Opened(open_source(path, file_name, lists, place).cover)
    except RefusedFile as refusal:
        yield FileRefused(list(refusal.problems), refusal.reporter)


def read_delivery(
    path: Path, file_name: str, lists: CodeLists, place: str | None, forms: Collection[str] | None
) -> Iterator[Message]:
    """Yields the cover, then each form, or only these; or why the file is refused. Reference data needs no lists."""
    try:
        source = open_source(path, file_name, lists, place)
        yield Opened(source.cover)
        reporter = reporter_of(source.cover, lists)
    except RefusedFile as refusal:
        yield FileRefused(list(refusal.problems), refusal.reporter)
        return
    for name in source.cover.forms:
        if forms is None or name in forms:
            yield from _read_form(source, name, reporter, lists)


def reporter_of(cover: Cover, lists: CodeLists) -> Reporter | None:
    """Returns the reporter; None for reference data. Raises RefusedFile when none has that code in that period."""
    if cover.reporter_code == REFERENCE_REPORTER:
        return None
    reporter = lists.reporters.get(cover.reporter_code)
    if reporter is None:
        raise RefusedFile(Problem("reporter_unknown.code", value=cover.reporter_code))
    if not reporter.is_valid_in(cover.period):
        found = {"name": reporter.name, "period": cover.period}
        raise RefusedFile(Problem("reporter_not_valid", found, value=cover.reporter_code))
    if cover.period > datetime.now(TIMEZONE).date():
        raise RefusedFile(Problem("period_in_future", value=cover_month(cover.period)))
    return reporter


def _read_form(source: Source, name: str, reporter: Reporter | None, lists: CodeLists) -> Iterator[Message]:
    form = all_forms()[name]
    yield FormBegun(name, list(source.notes))
    try:
        reading = FormReader(form, lists, reporter, source.cover.period).read(source.table(form))
        yield from reading
        yield FormRead(reading.declared(source.cover.forms[name]), reading.notes())
    except RefusedForm as refusal:
        yield FormRefused(list(refusal.problems))
