"""Rebuilding: the deliveries of an empty warehouse, from what the archive alone knows."""

import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path

from mangnon import warehouse
from mangnon.contract.code_lists import REFERENCE_REPORTER
from mangnon.failures import Failure
from mangnon.intake import archive, inbox, reference
from mangnon.intake.archive import Note
from mangnon.ledger.code_lists import read_code_lists
from mangnon.stores import open_store, readable_name

FILE = re.compile(r"[0-9a-f]{2}/([0-9a-f]{64})")
NOTE = re.compile(r"[0-9a-f]{2}/([0-9a-f]{64})\.[\w.]*json")


@dataclass
class Delivered:
    """What became of the files of the archive."""

    new: int = 0
    known: int = 0
    without_note: list[str] = field(default_factory=list)  # files of which nobody knows who sent them
    failed: list[str] = field(default_factory=list)  # why a file was not delivered


def deliver_archive(deliver_lists: Callable[[list[Path], datetime], None]) -> Delivered:
    """Notes every file of the archive as a delivery, as its note says; what is known stays. Repeat it at any time.

    Lists of reference data come first, in the order in which they were delivered: `deliver_lists` takes those of one
    delivery that the warehouse does not know, together, since they build on one another, and its time. A file that is
    damaged, or that has no note, is named and stops no other. Raises StoreFailure, and what `deliver_lists` raises.
    """
    done = Delivered()
    notes = _notes(done)
    with warehouse.connect("loader") as connection:
        known = {note.path for note in reference.notes(connection)}
        of_lists = [note for note in notes if note.place == REFERENCE_REPORTER]
        for moment, delivered in groupby(of_lists, key=lambda note: note.received_at):
            with tempfile.TemporaryDirectory(prefix="mangnon-") as folder:
                copies: list[Path] = []

                def take_list(note: Note, copy: Path, folder: str = folder, copies: list[Path] = copies) -> bool:
                    if is_new := note.path not in known:
                        copies.append(_named(copy, Path(folder), note.file_name))
                    return is_new

                for note in delivered:
                    _deliver(note, done, take_list)
                if copies:
                    deliver_lists(copies, moment)
        lists = read_code_lists(connection)
        for note in notes:
            if note.place != REFERENCE_REPORTER:
                _deliver(note, done, lambda note, copy: inbox.deliver_again(connection, note, copy, lists))
    return done


def _notes(done: Delivered) -> list[Note]:
    """The notes of the archive, in the order of arrival; what has none, or one that cannot be read, is noted."""
    paths = [entry.path for entry in open_store("archive").look().files]
    noted = {match[1] for path in paths if (match := NOTE.fullmatch(path))}
    done.without_note = [path for path in paths if (match := FILE.fullmatch(path)) and match[1] not in noted]
    notes = []
    for path in filter(NOTE.fullmatch, paths):
        try:
            notes.append(archive.read_note(path))
        except Failure as failure:
            done.failed.append(str(failure))
    return sorted(notes, key=lambda note: note.received_at)


def _deliver(note: Note, done: Delivered, act: Callable[[Note, Path], bool]) -> None:
    try:
        with archive.archived(note.sha256) as copy:
            is_new = act(note, copy)
    except (archive.NotArchived, archive.Damaged) as failure:
        done.failed.append(f"{readable_name(note.file_name)}: {failure}")
    else:
        done.new += is_new
        done.known += not is_new


def _named(copy: Path, folder: Path, file_name: str) -> Path:
    """A copy under the name with which the file arrived; of two files of one name each has a folder of its own."""
    own = Path(tempfile.mkdtemp(dir=folder))
    return Path(shutil.copy(copy, own / Path(file_name).name))
