"""Rebuilding: the deliveries of an empty warehouse, from what the archive alone knows."""

import re
from dataclasses import dataclass, field

from mangnon import warehouse
from mangnon.failures import Failure
from mangnon.intake import archive, inbox
from mangnon.ledger.code_lists import read_code_lists
from mangnon.stores import open_store, readable_name

FILE = re.compile(r"[0-9a-f]{2}/([0-9a-f]{64})")
NOTE = re.compile(r"[0-9a-f]{2}/([0-9a-f]{64})\.[0-9a-f]{16}\.json")


@dataclass
class Delivered:
    """What became of the files of the archive."""

    new: int = 0
    known: int = 0
    without_note: list[str] = field(default_factory=list)  # files of which nobody knows who sent them
    failed: list[str] = field(default_factory=list)  # why a file was not delivered


def deliver_archive() -> Delivered:
    """Notes every file of the archive as a delivery, as its note says; what is known stays. Repeat it at any time.

    A file that is damaged, or that has no note, is named and stops no other. Raises StoreFailure.
    """
    done = Delivered()
    paths = [entry.path for entry in open_store("archive").look().files]
    noted = {match[1] for path in paths if (match := NOTE.fullmatch(path))}
    done.without_note = [path for path in paths if (match := FILE.fullmatch(path)) and match[1] not in noted]
    notes: list[archive.Note] = []
    for path in paths:
        if NOTE.fullmatch(path):
            try:
                notes.append(archive.read_note(path))
            except Failure as failure:
                done.failed.append(str(failure))
    with warehouse.connect("loader") as connection:
        lists = read_code_lists(connection)
        for note in sorted(notes, key=lambda note: note.received_at):
            try:
                with archive.archived(note.sha256) as copy:
                    is_new = inbox.deliver_again(connection, note, copy, lists)
            except (archive.NotArchived, archive.Damaged) as failure:
                done.failed.append(f"{readable_name(note.file_name)}: {failure}")
            else:
                done.new += is_new
                done.known += not is_new
    return done
