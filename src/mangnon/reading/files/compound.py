"""Compound files (OLE): the container of .xls, and of workbooks with a password.

After [MS-CFB]: a file system of sectors, whose chains are kept in a table; small streams share the "mini stream".
"""

import struct
from pathlib import Path

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
LAST_SECTOR = 0xFFFFFFFA
DIRECTORY_ENTRY = 128


class CompoundFile:
    """The streams of a compound file. Raises ValueError when it is broken."""

    def __init__(self, path: Path) -> None:
        self._data = data = path.read_bytes()
        if len(data) < 512 or not data.startswith(SIGNATURE):
            raise ValueError("no compound file")
        self._size = {9: 512, 12: 4096}.get(struct.unpack_from("<H", data, 30)[0], 0)
        if not self._size:
            raise ValueError("no such size of sectors")
        directory, _, self._cutoff, mini_table, _, difat, difat_count = struct.unpack_from("<3I4I", data, 48)
        tables = list(struct.unpack_from("<109I", data, 76))
        for _ in range(min(difat_count, len(data) // self._size)):
            *more, difat = self._numbers(self._sector(difat))
            tables += more
        used = [table for table in tables if table < LAST_SECTOR]
        self._next = [number for table in used for number in self._numbers(self._sector(table))]
        entries = self._chain(directory)
        self._entries = dict(
            _entry(entries[at : at + DIRECTORY_ENTRY]) for at in range(0, len(entries) - 127, DIRECTORY_ENTRY)
        )
        self._next_mini = self._numbers(self._chain(mini_table)) if mini_table < LAST_SECTOR else []
        start, size = self._entries.get("Root Entry", (LAST_SECTOR, 0))
        self._mini = self._chain(start)[:size] if start < LAST_SECTOR else b""

    @property
    def names(self) -> set[str]:
        """The names of the streams."""
        return set(self._entries)

    def stream(self, name: str) -> bytes:
        """The content of a stream; KeyError if there is none."""
        start, size = self._entries[name]
        if size >= self._cutoff:
            return self._chain(start)[:size]
        found: list[bytes] = []
        number = start
        while number < len(self._next_mini) and len(found) * 64 <= len(self._mini):  # unless it runs in a circle
            found.append(self._mini[number * 64 : number * 64 + 64])
            number = self._next_mini[number]
        return b"".join(found)[:size]

    def _sector(self, number: int) -> bytes:
        at = (number + 1) * self._size
        return self._data[at : at + self._size]

    def _chain(self, number: int) -> bytes:
        found: list[bytes] = []
        while number < len(self._next) and len(found) * self._size <= len(self._data):  # unless it runs in a circle
            found.append(self._sector(number))
            number = self._next[number]
        return b"".join(found)

    @staticmethod
    def _numbers(data: bytes) -> list[int]:
        return list(struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4]))


def _entry(data: bytes) -> tuple[str, tuple[int, int]]:
    length = struct.unpack_from("<H", data, 64)[0]
    name = data[: max(min(length, 64) - 2, 0)].decode("utf-16-le", errors="replace")
    start, size = struct.unpack_from("<IQ", data, 116)
    return name, (start, size & 0xFFFFFFFF)
