"""Values that break readers, and the ways in which bytes break by themselves."""

from collections.abc import Callable
from random import Random

# In the place of a number: counts, sizes, indexes, row and column numbers.
NUMBERS = [
    "0", "-1", "1", "2", "255", "65535", "65536", "1048576", "16384", "2147483647", "2147483648", "4294967295",
    "4294967296", "9223372036854775807", "9223372036854775808", "-2147483649", "99999999999999999999999", "1e308",
    "1e999", "-1e999", "1e-999", "NaN", "nan", "INF", "-Infinity", "0x10", "1_000", "٣", "²", "1.5", "-0", "+1", "",
    " 1", "1 ", "1e5", ".", "00000000001", "9" * 400, "2958466", "-0.5", "2958465.9999999999", "0.99999999999999999",
]  # fmt: skip
# In the place of a reference to a cell or to cells.
REFERENCES = [
    "A0", "a1", "A1", "ZZZ99999999", "XFD1048576", "XFE1048577", "$A$1", "A", "1", "", " B2", "B 2", "R1C1", "A-1",
    "AAAAAAAAAAAA1", "A99999999999999999999", "Sheet1!A1", "A1:B2", "B2:A1", "A1:XFD1048576", "A1:A1:A1", ":",
    "dkk300001",
    "É1", "A1048577", "@1", "[1", "ZZZZ1", "A4294967296", "B4294967297",
]  # fmt: skip
TEXTS = [
    "", " ", "=" * 4000, "=1+1", "_x0000_", "_x0041_", "_xD800_", "_xFFFF_", "\u202e", "\ufeff", "\ufffe", "\u200b",
    "á" * 2000, "a\u0300\u0301" * 500, "\U0001f600", "a" * 40_000, "#reporter", "#form", "#", "true", "TRUE",
    "2020-03-05", "31/02/2020", "29/02/2019", "00/00/0000", "05/03/99999", "9999-12-31", "-1-01-01", "1900-02-29",
    "2020-03-05T25:61:61", "PT9999999999999H", "-P1Y", "25:00", "#DIV/0!", "#N/A", "193", "_reference", "_office", "I",
    "Tổng cộng", "Cộng", "(*)", "STT", "(1)", "=B1", "Không phát sinh", "Địa bàn", "Số vụ", "Vụ việc", "Bìa",
    "Tháng 13 năm 2020", "Tháng 3 năm 99999", "Quý I năm 2020", "Lần gửi: 99999999999999999999", "triệu đồng",
    "1.234,567", "1,234.567", "50%", "%", "1.000.000.000.000.000.000", "-", "–", "0,000001", "١٢٣", "½", "Ⅳ", "①", "tr",
]  # fmt: skip


def number(random: Random) -> str:
    """Returns something in the place of a number."""
    if random.random() < 0.2:
        return str(random.getrandbits(random.choice([8, 16, 20, 32, 64])) * random.choice([1, 1, -1]))
    return random.choice(NUMBERS)


def value(random: Random) -> str:
    """Returns something in the place of any value."""
    return random.choice([number, lambda random: random.choice(REFERENCES), lambda random: random.choice(TEXTS)])(
        random
    )


def integer(random: Random, size: int) -> bytes:
    """Returns a number of so many bytes, as binary formats have it; mostly one at an edge."""
    most = 1 << 8 * size
    edges = [0, 1, 2, 3, most - 1, most - 2, most - 3, most // 2, most // 2 - 1, 109, 512, 0xFFFF, 0x100]
    drawn = random.choice(edges) if random.random() < 0.7 else random.randrange(most)
    return (drawn % most).to_bytes(size, "little")


def _flip(data: bytearray, random: Random) -> None:
    for _ in range(random.randint(1, 8)):
        data[random.randrange(len(data))] = random.randrange(256)


def _cut(data: bytearray, random: Random) -> None:
    del data[random.randrange(len(data)) :]


def _drop(data: bytearray, random: Random) -> None:
    at = random.randrange(len(data))
    del data[at : at + random.choice([1, 2, 3, 100])]


def _double(data: bytearray, random: Random) -> None:
    at = random.randrange(len(data))
    data[at:at] = data[at : at + random.choice([1, 2, 50, 5000])]


def _insert(data: bytearray, random: Random) -> None:
    odd = [
        b"\0",
        b"\0" * 100,
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\r",
        b"\n",
        b'"',
        b"\x1a",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
    ]
    data[(at := random.randrange(len(data) + 1)) : at] = random.choice(odd)


BLIND: list[Callable[[bytearray, Random], None]] = [_flip, _flip, _cut, _drop, _double, _insert]


def broken(content: bytes, random: Random) -> bytes:
    """Returns bytes that were damaged blindly."""
    if not content:
        return b"\0"
    data = bytearray(content)
    random.choice(BLIND)(data, random)
    return bytes(data)
