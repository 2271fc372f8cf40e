"""The places of the inbox: each reporter's own, and the office's. Who speaks in a file is decided by where it lies.

`<inbox>/<reporter_code>/…` speaks for that reporter only. In `<inbox>/_office/…` lies what an officer files on behalf
of reporters: there the cover decides. What lies elsewhere is not read, and everybody who looks is told how to move it.
"""

from collections.abc import Collection, Sequence

from mangnon.contract.code_lists import OFFICE, CodeLists
from mangnon.warehouse import Connection

HOW_TO_MOVE = (
    f"move each into the folder of its reporter, `<code>/`, or into `{OFFICE}/` "
    "(docs/runbooks/upgrade.md has the commands)"
)
# How many paths are named; the others are counted.
MOST_NAMED = 5


def places(lists: CodeLists) -> set[str]:
    """Returns the places of an inbox."""
    return {OFFICE, *lists.reporters}


def place_of(path: str, known: Collection[str]) -> str | None:
    """Returns the place in which a path below the inbox lies; None if it lies in none of the known ones.

    Only the first folder counts, and only if its name is the place's, byte by byte: what merely looks like a code is
    none.
    """
    folder, separator, _ = path.partition("/")
    return folder if separator and folder in known else None


def sender_of(place: str | None, reporter: str | None, sha256: str) -> str:
    """Returns whose file it is, for the process that reads it: in the office's place each file may be another's."""
    return sha256 if place == OFFICE else place or reporter or sha256


def named(paths: Sequence[str], count: int) -> str:
    """Returns the first of `count` paths, and how many others there are."""
    others = f" and {count - MOST_NAMED} others" if count > MOST_NAMED else ""
    return ", ".join(paths[:MOST_NAMED]) + others


def note_misplaced(connection: Connection, paths: list[str]) -> None:
    """Notes that these paths below the inbox, and no others, lie in no place; in the transaction of the caller."""
    connection.execute("delete from ops.misplaced_files where path <> all(%s)", [paths])
    connection.execute(
        "insert into ops.misplaced_files (path) select unnest(%s::text[]) on conflict do nothing", [paths]
    )
