"""Small files that attack whoever reads them: each is written here, and small copies lie in tests/fixtures/hostile."""

import re
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

from support import bad_input

Make = Callable[[Path], object]
SHEET, STRINGS = "xl/worksheets/sheet3.xml", "xl/sharedStrings.xml"  # sheet 1 is the cover, 2 the instructions
COVER, HEADER = bad_input.COVER, bad_input.HEADER
ROW = b"193,05/03/2020,communication,,2,120,,,,,,\n"


def part(name: str, change: Callable[[bytes], bytes]) -> Make:
    """Returns a function that writes a good workbook with one part changed."""

    def make(path: Path) -> None:
        bad_input.submission(path)
        _change(path, name, change)

    return make


def _change(path: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    with zipfile.ZipFile(path) as book:
        parts = {member: book.read(member) for member in book.namelist()}
    assert change(parts[name]) != parts[name]
    parts[name] = change(parts[name])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for member, content in parts.items():
            book.writestr(member, content)


def far(cell: bytes) -> Make:
    """Returns a function that writes a workbook with this cell, far below the table."""
    row = b'<row r="300001">%b</row></sheetData>' % cell
    return part(SHEET, lambda data: data.replace(b"</sheetData>", row))


def far_everywhere(path: Path) -> None:
    """Writes a workbook whose cover and forms keep the limit of cells, each by itself but not together."""
    bad_input.submission(path)
    row = b'<row r="300001"><c r="AG300001"><v>1</v></c></row></sheetData>'
    for number in (1, 3, 4):
        _change(path, f"xl/worksheets/sheet{number}.xml", lambda data: data.replace(b"</sheetData>", row))


def escaped_nul(data: bytes) -> bytes:
    """Returns the sheet with a NUL in C4, as workbooks spell it."""
    text = b'<c r="C4" t="inlineStr"><is><t>a_x0000_b</t></is></c>'
    return re.sub(rb'<c r="C4"[^>]*><v>\d+</v></c>', text, data)


def nameless(path: Path) -> None:
    """Writes an archive with a CSV that has no name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo(""), COVER + HEADER + ROW)


def twins(path: Path) -> None:
    """Writes an archive with two CSVs of one name: whoever unpacks it has only one of them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as archive:
        warnings.simplefilter("ignore")
        for rows in (ROW, ROW * 2):
            archive.writestr(zipfile.ZipInfo("a.csv"), COVER + HEADER + rows)


def larger_than_its_file(path: Path) -> None:
    """Writes a workbook of which a sheet claims to be packed in 4 GB."""
    bad_input.submission(path)
    content = bytearray(path.read_bytes())
    at = content.rindex(SHEET.encode()) - 46
    content[at + 20 : at + 24] = b"\xff" * 4
    path.write_bytes(content)


def csv(*rows: bytes, cover: bytes = b"") -> Make:
    """Returns a function that writes a CSV of March 2020 with these rows."""
    return bad_input.text(COVER + cover + HEADER + b"".join(rows))


def cell(field: bytes, value: bytes) -> bytes:
    """Returns a row in which this field has this value."""
    cells = ROW.strip(b"\n").split(b",")
    cells[HEADER.strip(b"\n").split(b",").index(field)] = value
    return b",".join(cells) + b"\n"


# name of the case: (file name, how the file is made, the rule that refuses the file, its form or the row)
HOSTILE: dict[str, tuple[str, Make, str]] = {
    "a far cell in lower case": ("thuong.xlsx", far(b'<c r="dkk300001"><v>1</v></c>'), "too_large"),
    "a far cell with spaces": ("cach.xlsx", far(b'<c r = "DKK300001"><v>1</v></c>'), "too_large"),
    "far cells, each just within the limit": ("moi-trang.xlsx", far_everywhere, "file_too_heavy"),
    "a lying count of strings": (
        "dem.xlsx",
        part(STRINGS, lambda data: re.sub(rb'uniqueCount="\d+"', b'uniqueCount="4000000000"', data)),
        "not_a_workbook",
    ),
    "a member without a name": ("khong-ten.zip", nameless, "not_an_archive"),
    "two members of one name": ("trung-ten.zip", twins, "not_an_archive"),
    "a member larger than its file": ("lon-hon.xlsx", larger_than_its_file, "not_a_workbook"),
    "an encoding that nobody knows": (
        "bang-ma.xlsx",
        part("xl/workbook.xml", lambda data: data.replace(b'"UTF-8"', b'"no-such"')),
        "not_a_workbook",
    ),
    "NUL in a cell": ("nul.csv", csv(cell(b"qualifier", b"a\0b")), "unstorable_text"),
    "NUL in a cell of a workbook": ("nul.xlsx", part(SHEET, escaped_nul), "unstorable_text"),
    "NUL in the reason": ("ly-do.csv", csv(ROW, cover=b"#reason,a\0b\n"), "unstorable_text"),
    "NUL in the reporter": (
        "don-vi.csv",
        bad_input.text(COVER.replace(b"193", b"19\x003") + HEADER),
        "reporter_unknown",
    ),
    "a total in superscript": ("mu.csv", csv(ROW, cover="#total:attendances,²\n".encode()), "total_unreadable"),
    "a total of 5,000 digits": (
        "dai.csv",
        csv(ROW, cover=b"#total:attendances," + b"9" * 5000 + b"\n"),
        "total_unreadable",
    ),
    "the last month of all": (
        "9999.csv",
        bad_input.text(COVER.replace(b"2020-03", b"9999-12") + HEADER),
        "period_unreadable",
    ),
    "NaN in a count": ("nan.csv", csv(cell(b"attendances", b"NaN")), "not_a_number"),
    "infinity in a count": ("vo-cung.csv", csv(cell(b"attendances", b"-Infinity")), "not_a_number"),
    "an exponent without end": ("mu-10.csv", csv(cell(b"attendances", b"1e999999999999999999")), "not_a_number"),
}
