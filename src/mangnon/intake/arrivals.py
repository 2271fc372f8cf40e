"""What lies in the inbox: which files are whole and new, and what nobody reads, with the reason."""

import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from mangnon.failures import Failure
from mangnon.intake.places import place_of
from mangnon.stores import Entry, Listing, Skipped, Store, open_store, readable_name
from mangnon.stores.mark import what_is_missing

# Names of files that are still being written, or that a program keeps for itself.
UNFINISHED = (".part", ".tmp", ".crdownload", ".lock")
# A file that was changed so lately may still be written to: it is looked at again after the pause.
YOUNG, PAUSE = 60, 4  # seconds


class InboxGone(Failure):
    """The inbox is not there, or it is another one: it lacks the mark."""


@dataclass
class Found:
    """The files of the inbox that are to be read, each with its place, and what is not read."""

    files: list[tuple[str, Entry]] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    misplaced: list[str] = field(default_factory=list)


def open_inbox() -> Store:
    """Returns the inbox. Raises InboxGone: an inbox that vanished must not be taken for a quiet night."""
    inbox = open_store("inbox")
    if missing := what_is_missing(inbox):
        raise InboxGone(missing)
    return inbox


def look(inbox: Store, known: set[tuple[str, str]], known_places: Collection[str]) -> Found:
    """Returns the files that are whole and not known yet, by (source, version), and whatever lies in no place.

    All young files wait together, once; one that changed meanwhile is left for the next time.
    """
    listing = inbox.look()
    found = Found(skipped=listing.skipped, misplaced=misplaced_in(listing, known_places))
    new = [
        (place, entry)
        for entry in listing.files
        if not is_hidden(entry.path)
        and (place := place_of(entry.path, known_places))
        and (source_of(inbox, entry.path), entry.version) not in known
    ]
    now = time.time()
    young = {entry.path for _, entry in new if entry.changed is not None and entry.changed > now - YOUNG}
    if young:
        time.sleep(PAUSE)
    for place, entry in new:
        if entry.path in young and inbox.look_again(entry.path) != entry:
            found.skipped.append(Skipped(entry.path, "it is still being written; the next night looks again"))
        else:
            found.files.append((place, entry))
    return found


def misplaced_in(listing: Listing, known_places: Collection[str]) -> list[str]:
    """Returns the paths of the files that lie in none of these places, as text that can be stored and shown."""
    return [
        readable_name(entry.path)
        for entry in listing.files
        if not is_hidden(entry.path) and place_of(entry.path, known_places) is None
    ]


def is_hidden(path: str) -> bool:
    """Returns whether the name says that a program keeps the file for itself, or is still writing it."""
    name = PurePosixPath(path).name
    return name.startswith((".", "~$")) or name.endswith(UNFINISHED)


def source_of(inbox: Store, path: str) -> str:
    """Returns how ops.arrivals names a file of the inbox."""
    return f"{inbox.name}/{readable_name(path)}"
