"""Mutates compound files (.xls): header, table of chains, directory, and the records of the workbook's stream."""

import struct
from collections.abc import Callable
from random import Random

from support.fuzzing import values

SECTOR, ENTRY = 512, 128
# (offset, bytes) of the fields of the header and of an entry of the directory
HEADER = [
    (24, 2),
    (26, 2),
    (28, 2),
    (30, 2),
    (32, 2),
    (40, 4),
    (44, 4),
    (48, 4),
    (56, 4),
    (60, 4),
    (64, 4),
    (68, 4),
    (72, 4),
    (76, 4),
    (80, 4),
]
DIRECTORY = [(64, 2), (66, 1), (67, 1), (68, 4), (72, 4), (76, 4), (116, 4), (120, 4), (124, 4)]
# Types of records that readers care about.
RECORDS = [
    0x809, 0x0A, 0x85, 0x2F, 0x06, 0x205, 0x200, 0x201, 0x203, 0x204, 0x27E, 0xBD, 0xBE, 0xFD, 0x207, 0xFC,
    0x3C, 0x42, 0x22,
    0xE0, 0x41E, 0xE5, 0x18, 0x17, 0x31, 0xFF, 0x1AE, 0x208, 0x4BC,
]  # fmt: skip


def mutated(content: bytes, random: Random) -> bytes:
    """Returns a compound file that one mutation changed."""
    if len(content) < 4 * SECTOR:
        return values.broken(content, random)
    data = bytearray(content)
    random.choice(MUTATIONS)(data, random)
    return bytes(data)


def _set(data: bytearray, at: int, size: int, random: Random) -> None:
    new = values.integer(random, size)
    if random.random() < 0.3:
        old = int.from_bytes(data[at : at + size], "little")
        new = ((old + random.choice([-1, 1, 2, 256])) % (1 << 8 * size)).to_bytes(size, "little")
    data[at : at + size] = new


def _header(data: bytearray, random: Random) -> None:
    _set(data, *random.choice(HEADER), random)


def _chain(data: bytearray, random: Random) -> None:
    """A sector is followed by another one than it was."""
    (number,) = struct.unpack_from("<I", data, 76)
    table = (number % 1000 + 1) * SECTOR
    for _ in range(random.choice([1, 1, 5])):
        at = table + 4 * random.randrange(len(data) // SECTOR)
        new = random.randrange(len(data) // SECTOR)
        data[at : at + 4] = random.choice([values.integer(random, 4), struct.pack("<I", new)])


def _directory(data: bytearray, random: Random) -> None:
    (number,) = struct.unpack_from("<I", data, 48)
    start = (number % 1000 + 1) * SECTOR + ENTRY * random.randrange(5)
    offset, size = random.choice(DIRECTORY)
    _set(data, start + offset, size, random)


def _stream(data: bytearray) -> tuple[int, int]:
    """Returns where the workbook's stream begins and ends; office programs write it in one piece."""
    entry = data.find("Workbook".encode("utf-16-le"))
    if entry < 0:
        return SECTOR, len(data)
    first, size = (int.from_bytes(data[entry + at : entry + at + 4], "little") for at in (116, 120))
    start = (first % 1000 + 1) * SECTOR
    return start, min(start + size, len(data))


def _records(data: bytearray) -> list[tuple[int, int]]:
    """Returns start and size of each record of the stream."""
    at, end = _stream(data)
    found = []
    while at + 4 <= end:
        size = int.from_bytes(data[at + 2 : at + 4], "little")
        found.append((at, size))
        at += 4 + size
    return found or [(at, 0)]


def _record(data: bytearray, random: Random) -> tuple[int, int]:
    """Returns start and size of a record. Rare types are as likely as cells."""
    by_type: dict[bytes, list[tuple[int, int]]] = {}
    for at, size in _records(data):
        by_type.setdefault(bytes(data[at : at + 2]), []).append((at, size))
    return random.choice(by_type[random.choice(sorted(by_type))])


def _content(data: bytearray, random: Random) -> None:
    at, size = _record(data, random)
    for _ in range(random.choice([1, 1, 3])):
        width = random.choice([1, 2, 4, 8])
        if size >= width:
            _set(data, at + 4 + random.randrange(size - width + 1), width, random)


def _length(data: bytearray, random: Random) -> None:
    at, _ = _record(data, random)
    _set(data, at + 2, 2, random)


def _type(data: bytearray, random: Random) -> None:
    at, _ = _record(data, random)
    data[at : at + 2] = struct.pack("<H", random.choice(RECORDS))


def _moved(data: bytearray, random: Random) -> None:
    """A record is dropped, doubled or cut: the stream keeps its size, what follows moves."""
    at, size = _record(data, random)
    _, end = _stream(data)
    record = data[at : at + 4 + size]
    short = random.randrange(size + 1)
    cut = record[:2] + struct.pack("<H", short) + record[4 : 4 + short]
    new = random.choice([b"", record * 2, cut, record + struct.pack("<2H", random.choice(RECORDS), 0)])
    stream = (bytes(data[:at]) + new + bytes(data[at + 4 + size : end]))[:end]
    data[:end] = stream.ljust(end, b"\0")


def _blind(data: bytearray, random: Random) -> None:
    data[:] = values.broken(bytes(data), random)


MUTATIONS: list[Callable[[bytearray, Random], None]] = [
    _header, _chain, _directory, _content, _content, _content, _content, _length, _length, _type, _moved,
    _moved, _blind,
]  # fmt: skip
