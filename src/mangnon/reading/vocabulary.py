"""The words of Vietnamese reports: how texts are compared, and what units, signs for nothing and prefixes mean.

Two texts are the same if their normal forms are equal. Equal folds (no diacritics, no punctuation) are only a proposal:
code that compares folds accepts one if a single candidate is left, and records it as inferred.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

UNITS = {
    "đồng": 1, "đ": 1, "vnđ": 1, "vnd": 1,
    "nghìn đồng": 10**3, "ngàn đồng": 10**3, "nghìn": 10**3, "ngàn": 10**3, "nghìn đ": 10**3, "ngàn đ": 10**3,
    "1.000 đồng": 10**3, "1000 đồng": 10**3, "1.000đ": 10**3, "1000đ": 10**3,
    "triệu đồng": 10**6, "triệu": 10**6, "triệu đ": 10**6, "tr.đồng": 10**6, "tr.đ": 10**6, "trđ": 10**6,
    "1.000.000 đồng": 10**6, "1.000.000đ": 10**6,
    "tỷ đồng": 10**9, "tỉ đồng": 10**9, "tỷ": 10**9, "tỉ": 10**9,
}  # fmt: skip

# Folds of what a column counts. In brackets after a header they add nothing to what the form says.
COUNTED = {
    "nguoi", "luot", "luot nguoi", "tre", "tre em", "chau", "em", "buoi", "lop", "cuoc", "buoi lop cuoc", "vu",
    "nan nhan", "diem", "doan", "ngay", "ngay thang nam",
}  # fmt: skip

# Signs instead of a number, in normal form. A dash is the sign of the statistical yearbooks for "did not occur", an x
# for "makes no sense here", dots for "not known". A blank cell is unknown, never zero.
NIL_IS_ZERO = {"kps", "k.p.s", "không phát sinh", "ko phát sinh", "không có phát sinh", "-", "–", "—"}
NIL_IS_MISSING = {"x", "…", "...", "..", "n/a", "na", "không có số liệu", "chưa có số liệu", "không rõ"}
NOTHING_HAPPENED = {"kps", "k p s", "khong phat sinh", "ko phat sinh", "khong co phat sinh"}  # as folds

# Letters that look like Đ and đ but are Icelandic or African.
LOOK_ALIKES = {"Ð": "Đ", "Ɖ": "Đ", "ð": "đ", "ɖ": "đ"}

# Level of areas → the folded prefixes of their names.
LEVELS = {
    "province": ("tinh",),
    "district": ("thanh pho", "t p", "tp", "thi xa", "t x", "tx", "huyen", "quan", "h"),
    "commune": ("thi tran", "tt", "phuong", "dac khu", "xa", "p", "x"),
}
AREA = re.compile(rf"({'|'.join(prefix for prefixes in LEVELS.values() for prefix in prefixes)}) (.+)")
LEVEL_OF = {prefix: level for level, prefixes in LEVELS.items() for prefix in prefixes}

# Folded names of bodies → their short forms.
BODIES = (
    (re.compile(r"\b(?:lao dong|ld) ?(?:thuong binh|tb) ?(?:va |& )?(?:xa hoi|xh)\b|\bldtb ?xh\b"), "ldtbxh"),
    (re.compile(r"\buy ban nhan dan\b"), "ubnd"),
    (re.compile(r"\b(?:lien hiep|lh) (?:phu nu|pn)\b"), "lhpn"),
    (re.compile(r"\b(?:doan )?(?:thanh nien cong san|tncs) ho chi minh\b"), "doan tncs hcm"),
)
OFFICE = re.compile(r"^(?:ubnd|phong ldtbxh|phong y te|phong|bao cao cua|don vi)(?: |$)")

ORDINALS = {"stt", "tt", "so tt", "so thu tu"}  # as folds
BARE_TOTALS = {"tong cong", "tong so", "tong", "cong"}  # as folds

_TOTAL = re.compile(
    r"(?:tong cong|tong so|toan (?:huyen|tinh|xa|phuong|thi xa|thanh pho|tp|tx|dac khu|quan))\b.*|tong|cong"
)
_SUBTOTAL = re.compile(r"cong (?:muc|phan|nhom)\b.*|cong [ivx]+")
_ROMAN = re.compile(
    r"(?:(?:Mục|Phần|MỤC|PHẦN)\s+)?(?P<number>X{0,2}(?:IX|IV|V?I{1,3}|V|X))(?:\s*[.):/-].*|\s+\D.*|)", re.S
)
_NOTE = re.compile(
    r"(?:ghi chu|luu y|nguon|noi nhan|nguoi (?:lap|bao cao|tong hop|kiem tra)|lap bieu|ke toan|thu truong"
    r"|(?:pho )?(?:truong phong|giam doc|chu tich|chanh van phong)|tm|kt|tl|ky (?:ten|ghi)|da ky|xac nhan|luu)\b"
    r"|(?:.* )?ngay (?:\d+ )?thang (?:\d+ )?nam\b"
)


def visible(text: str) -> str:
    """Returns a text without the characters that nobody sees: zero width, soft hyphens, marks of direction."""
    if text.isascii() or text.isprintable():  # what nobody sees is not printable
        return text
    return "".join(sign for sign in text if unicodedata.category(sign) != "Cf")


def normalised(text: str) -> str:
    """Returns the normal form of a text: NFC, visible, Đ for its look-alikes, single spaces, case-folded."""
    text = unicodedata.normalize("NFC", visible(text))
    for letter, right in LOOK_ALIKES.items():
        text = text.replace(letter, right)
    return " ".join(text.split()).casefold()


def fold(text: str) -> str:
    """Returns the normal form without diacritics and punctuation: `phong ld tb xh` for `Phòng LĐ-TB&XH`."""
    plain = unicodedata.normalize("NFD", normalised(text)).replace("đ", "d")
    letters = (letter if letter.isalnum() else " " for letter in plain if not unicodedata.combining(letter))
    return " ".join("".join(letters).split())


def codes_of_number(text: str, codes: Iterable[str]) -> set[str]:
    """Returns the codes that a program may have turned into this number: `6970` and `6970.0` were `06970`."""
    digits = text.strip().removesuffix(".0")
    if not (digits.isascii() and digits.isdigit()) or digits.startswith("0"):
        return set()
    return {code for code in codes if code.lstrip("0") == digits and code != text}


def split_area(text: str) -> tuple[str | None, str]:
    """Returns the level that the prefix of an area's name means, if it has one, and the fold of the rest."""
    folded = fold(text)
    matched = AREA.fullmatch(folded)
    return (LEVEL_OF[matched[1]], matched[2]) if matched else (None, folded)


def body(text: str) -> str:
    """Returns the fold of a body's name, with the usual abbreviations."""
    folded = fold(text)
    for long, short in BODIES:
        folded = long.sub(short, folded)
    return folded


def without_office(name: str) -> str:
    """Returns the name of an office (as `body` returns it) without the words for an office: the rest names its area."""
    while (shorter := OFFICE.sub("", name)) != name:
        name = shorter
    return name


def unit_of(text: str) -> str | None:
    """Returns the unit of money that a text names, such as `ĐVT: triệu đồng`; None if it names none or several."""
    words = re.sub(r"^(?:đvt|đv|đơn vị(?: tính)?|don vi(?: tinh)?)\s*[:.]?\s*", "", normalised(text))
    found = {unit for part in re.split(r"[,;]| và ", words) if (unit := _FOLDED_UNITS.get(fold(part)))}
    return found.pop() if len(found) == 1 else None


@dataclass(frozen=True)
class UnitLine:
    """What a line such as `Đơn vị tính: nghìn đồng` says: a unit of money, or that counts are in thousands or so."""

    unit: str | None
    is_scale_of_counts: bool


def unit_line(text: str) -> UnitLine | None:
    """Returns what a line says of units; None if it says nothing that changes numbers."""
    matched = _UNIT_LINE.search(normalised(text))
    if matched is None:
        return None
    unit = unit_of(matched[1])
    is_scale = unit is None and _SCALE.match(fold(matched[1])) is not None
    return UnitLine(unit, is_scale) if unit or is_scale else None


def is_total(text: str) -> bool:
    """Returns whether a text heads a row of totals."""
    return _TOTAL.fullmatch(fold(text)) is not None


def is_subtotal(text: str) -> bool:
    """Returns whether a text heads the totals of a part of the table."""
    return _SUBTOTAL.fullmatch(fold(text)) is not None


def section_of(text: str) -> str | None:
    """Returns the Roman numeral that a text begins with, as headings of sections do; None if it has none."""
    matched = _ROMAN.fullmatch(text.strip())
    return matched["number"] if matched else None


def is_note(text: str) -> bool:
    """Returns whether a text looks like those below tables: notes, signatures, places and dates."""
    return text.lstrip().startswith(("*", "(*")) or _NOTE.match(fold(text)) is not None


_UNIT_LINE = re.compile(r"(?:đvt|đơn vị(?: tính)?|don vi(?: tinh)?)(?: tiền)?\s*[:.]?\s+([^()*]+)")
_SCALE = re.compile(rf"(?:chuc|tram|nghin|ngan|trieu|ty|1 ?000|1 ?000 ?000) (?:{'|'.join(sorted(COUNTED))})\b")
_FOLDED_UNITS = {fold(unit): unit for unit in reversed(UNITS)}
