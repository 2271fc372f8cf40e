"""Limits that a file must keep before anything opens it: a small hostile file must not fill the memory.

The libraries that read workbooks trust the sizes that a zip file claims, and make a sheet as large as its farthest
cell. So this module first checks the claims against what is really inside.
"""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mangnon.reading.problems import Problem, RefusedFile

# A workbook with a form of 600,000 rows has less. More rows can be sent as a CSV.
MOST_BYTES = 256 << 20
MOST_MEMBERS = 1000
# Real workbooks are 5 to 40 times as large inside; a bomb is 1,000 times and more.
MOST_RATIO, RATIO_COUNTS_FROM = 200, 8 << 20
# Cells of a sheet from A1 to the farthest one, including empty cells.
MOST_CELLS = 10_000_000
MOST_SHEETS = 100


@contextmanager
def opened_zip(path: Path, file_name: str) -> Iterator[zipfile.ZipFile]:
    """Opens a zip file whose claimed sizes keep the limits. Raises RefusedFile or zipfile.BadZipFile."""
    with zipfile.ZipFile(path) as parts:
        members = parts.infolist()
        size = sum(member.file_size for member in members)
        packed = sum(member.compress_size for member in members)
        if packed > path.stat().st_size:  # zipfile would make room for what a member claims
            raise zipfile.BadZipFile("the members are larger than the file")
        if len({member.filename for member in members}) < len(members):
            raise zipfile.BadZipFile("two members have one name")
        if any(member.flag_bits & 1 for member in members):
            raise RefusedFile(password_protected(file_name))
        if len(members) > MOST_MEMBERS or size > MOST_BYTES:
            raise RefusedFile(too_large(file_name))
        if size > RATIO_COUNTS_FROM and size > packed * MOST_RATIO:
            raise RefusedFile(too_large(file_name))
        yield parts


def content(parts: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Returns the content of a member. Raises zipfile.BadZipFile if it is broken or not as large as it claims."""
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile(f"compression {member.compress_type}")
    claimed = member.file_size
    member.file_size += 1  # zipfile stops at the claimed size: one byte more shows whether the claim is too small
    try:
        with parts.open(member) as file:
            data = file.read()
    except (EOFError, zlib.error, NotImplementedError, RuntimeError) as error:
        raise zipfile.BadZipFile(str(error)) from error
    finally:
        member.file_size = claimed
    if len(data) != claimed:
        raise zipfile.BadZipFile(f"{member.filename} is not as large as it claims")
    return data


def refuse_definitions(data: bytes, file_name: str) -> None:
    """Raises RefusedFile for XML that defines entities: they can expand without end; no office program writes any."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data or data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise RefusedFile(Problem("hostile_file", {"file_name": file_name}))


def refuse_far_cells(rows: int, columns: int, file_name: str, sheet: str | None) -> None:
    """Raises RefusedFile for a sheet that is too large to be held in memory."""
    if rows * columns > MOST_CELLS:
        found = {"file_name": file_name, "rows": rows, "columns": columns}
        raise RefusedFile(Problem("too_large.sheet", found, sheet=sheet))


def too_large(file_name: str) -> Problem:
    """Returns the problem of a file that is too large when unpacked."""
    return Problem("too_large.file", {"file_name": file_name})


def password_protected(file_name: str) -> Problem:
    """Returns the problem of a file with a password."""
    return Problem("password_protected", {"file_name": file_name})
