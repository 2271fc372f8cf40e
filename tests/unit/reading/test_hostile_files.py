"""Whatever arrives, it is read or refused in words: nothing crashes, and nothing small fills the memory."""

import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.messy import LISTS, csv_text, submission, workbook
from support.reading import FROM_OFFICES, HA_LONG, JUNE, read

from mangnon.contract.code_lists import OFFICE
from mangnon.contract.forms import all_forms
from mangnon.contract.template import write_template
from mangnon.reading.opening import open_source
from mangnon.reading.problems import RefusedFile, RefusedForm
from mangnon.reading.reader import FormReader

TITLES = [
    "Địa bàn",
    "Số vụ",
    "Loại vụ việc",
    "Số tiền (triệu đồng)",
    "STT",
    "Tổng cộng",
    "Tháng 6 năm 2020",
    "I",
    "Hạ Long",
]


def parts_of(path: Path) -> dict[str, bytes]:
    """The parts of a workbook."""
    with zipfile.ZipFile(path) as book:
        return {name: book.read(name) for name in book.namelist()}


def changed(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """A workbook with a part that somebody changed."""

    def make(path: Path) -> None:
        parts = parts_of(workbook(path, HA_LONG))
        parts[name] = change(parts[name])
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
            for part, content in parts.items():
                book.writestr(part, content)

    return make


def bomb(path: Path) -> None:
    """An archive that is a thousand times as large inside."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(20):
            archive.writestr(f"{number}.csv", bytes(10 << 20))


def lying_bomb(path: Path) -> None:
    """A workbook whose sheet claims to be small."""
    changed("xl/worksheets/sheet2.xml", lambda part: part + b" " * (64 << 20))(path)
    content = bytearray(path.read_bytes())
    at = content.rindex(b"xl/worksheets/sheet2.xml") - 46
    assert content[at : at + 4] == b"PK\1\2"
    content[at + 24 : at + 28] = struct.pack("<I", 1000)
    path.write_bytes(content)


def far_cell(path: Path) -> None:
    """A workbook with a cell in the last column of the last row."""
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Hoạt động")
        sheet.write(0, 0, "x")
        sheet.write(1_048_575, 16_383, "x")


def many_columns(path: Path) -> None:
    """A workbook with 16,384 columns."""
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Ghi chép")
        for row in range(20):
            sheet.write_row(row, 0, ["Địa bàn"] * 16_384)


def sheets(count: int) -> Callable[[Path], None]:
    """A workbook with so many sheets of the same form."""

    def make(path: Path) -> None:
        with xlsxwriter.Workbook(str(path)) as book:
            for number in range(count):
                book.add_worksheet(f"Trang {number}").write_row(0, 0, ["Địa bàn", "Loại vụ việc", "Số vụ"])

    return make


def with_password(path: Path) -> None:
    """What a workbook with a password is outside: a compound file with an encrypted stream."""
    content = (FROM_OFFICES / "errors.xls").read_bytes()
    old, new = ("Workbook".encode("utf-16-le"), "EncryptedPackage".encode("utf-16-le"))
    at = content.index(old)
    entry = bytearray(content[at : at + 128])
    entry[: len(new)] = new
    struct.pack_into("<H", entry, 64, len(new) + 2)
    path.write_bytes(content[:at] + bytes(entry) + content[at + 128 :])


def web_page(path: Path) -> None:
    """What many web sites call Excel."""
    path.write_text("<html><body><table><tr><td>Địa bàn</td></tr></table></body></html>")


def cut(name: str) -> Callable[[Path], None]:
    """A file that broke off."""
    return lambda path: path.write_bytes((FROM_OFFICES / name).read_bytes()[:9000]) and None


def far_cell_of_ods(path: Path) -> None:
    """An .ods with one cell that is repeated over the whole sheet."""
    parts = parts_of(FROM_OFFICES / "errors.ods")
    row, cells = b'table:number-rows-repeated="1048576"', b'table:number-columns-repeated="16384"'
    whole = b"<table:table-row " + row + b"><table:table-cell " + cells
    whole += b' office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row>'
    parts["content.xml"] = parts["content.xml"].replace(b"</table:table>", whole + b"</table:table>", 1)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for part, content in parts.items():
            book.writestr(part, content)


LAST, FREE = 2**32 - 2, 2**32 - 1


def compound(change: Callable[[bytearray], None]) -> Callable[[Path], None]:
    """An .xls that somebody changed: 47 sectors of 512 bytes, one of them the table of the chains."""

    def make(path: Path) -> None:
        content = bytearray((FROM_OFFICES / "errors.xls").read_bytes())
        change(content)
        path.write_bytes(content)

    return make


def sector(content: bytearray, number_at: int) -> int:
    """Where the sector begins whose number stands there."""
    return (struct.unpack_from("<I", content, number_at)[0] + 1) * 512


def directory_in_a_circle(content: bytearray) -> None:
    """The directory's first sector is followed by itself."""
    (first,) = struct.unpack_from("<I", content, 48)
    struct.pack_into("<I", content, sector(content, 76) + 4 * first, first)


def directory_like_a_rope(content: bytearray) -> None:
    """2,000 entries, each the right neighbour of the one before, in 500 sectors of their own."""
    root, first, end = content[sector(content, 48) :][:128], len(content) // 512 - 1, len(content) // 512 + 499
    chains = [*struct.unpack_from(f"<{first}I", content, sector(content, 76)), *range(first + 1, end), LAST]
    chains += [FREE] * (5 * 128 - len(chains))
    for number in range(2000):
        entry = bytearray(root)
        if number > 0:
            entry[66] = 2  # a stream
            struct.pack_into("<3I", entry, 68, FREE, number + 1, FREE)
        content += entry
    content += struct.pack(f"<{len(chains)}I", *chains)
    struct.pack_into("<2I", content, 44, 5, first)
    struct.pack_into("<5I", content, 76, *range(end, end + 5))


def tables_in_a_circle(content: bytearray) -> None:
    """33 million sectors say where the table of the chains lies, and all of them are one sector."""
    count = 2**32 - 1
    struct.pack_into("<I", content, 44, count)
    struct.pack_into("<2I", content, 68, 0, -(-(count - 109) // 127))
    content[512:1024] = bytes(512)


def stream_in_a_circle(content: bytearray) -> None:
    """The workbook's stream is said to have 4 GB, and its first sector is followed by itself."""
    entry = content.index("Workbook".encode("utf-16-le"))
    (first,) = struct.unpack_from("<I", content, entry + 116)
    struct.pack_into("<I", content, entry + 120, 2**32 - 1)
    struct.pack_into("<I", content, sector(content, 76) + 4 * first, first)


def sheet_turned_round(content: bytearray) -> None:
    """A sheet whose first row comes after its last one."""
    dimensions = content.index(struct.pack("<2H2I", 0x200, 14, 0, 21))
    struct.pack_into("<I", content, dimensions + 4, 0xDD00)


ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
HOSTILE: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "zip bomb": ("a.zip", bomb, "too_large"),
    "zip bomb named .xlsx": ("a.xlsx", bomb, "too_large"),
    "a part that claims to be small": ("a.xlsx", lying_bomb, "not_a_workbook"),
    "entities in the book": ("a.xlsx", changed("xl/workbook.xml", lambda part: ENTITIES + part), "hostile_file"),
    "entities in a sheet": (
        "a.xlsx",
        changed("xl/worksheets/sheet2.xml", lambda part: ENTITIES + part),
        "hostile_file",
    ),
    "XML that is none": ("a.xlsx", changed("xl/workbook.xml", lambda part: part[:200]), "not_a_workbook"),
    "a sheet that is none": ("a.xlsx", changed("xl/worksheets/sheet2.xml", lambda part: part[:900]), "not_a_workbook"),
    "a far cell": ("a.xlsx", far_cell, "too_large"),
    "a far cell of .ods": ("a.ods", far_cell_of_ods, "too_large"),
    "16,384 columns": ("a.xlsx", many_columns, "cover_missing"),
    "50 sheets of one form": ("a.xlsx", sheets(50), "cover_missing"),
    "200 sheets": ("a.xlsx", sheets(200), "too_large"),
    "a password": ("a.xlsx", with_password, "password_protected"),
    "a web page": ("a.xls", web_page, "not_a_workbook"),
    "half an .xls": ("a.xls", cut("errors.xls"), "not_a_workbook"),
    "a directory in a circle": ("a.xls", compound(directory_in_a_circle), "not_a_workbook"),
    "a directory like a rope": ("a.xls", compound(directory_like_a_rope), "not_a_workbook"),
    "tables in a circle": ("a.xls", compound(tables_in_a_circle), "not_a_workbook"),
    "a stream in a circle": ("a.xls", compound(stream_in_a_circle), "not_a_workbook"),
    "a sheet turned round": ("a.xls", compound(sheet_turned_round), "not_a_workbook"),
    "half an .ods": ("a.ods", cut("errors.ods"), "not_a_workbook"),
    "zeros": ("a.xls", lambda path: path.write_bytes(bytes(5000)) and None, "not_a_workbook"),
    "zeros named .csv": ("a.csv", lambda path: path.write_bytes(bytes(5000)) and None, "cover_missing"),
    "a long line": ("a.csv", lambda path: path.write_bytes(b"a" * (1 << 20)) and None, "cover_missing"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_refused_in_words(case: str, tmp_path: Path) -> None:
    name, make, rule = HOSTILE[case]
    make(tmp_path / name)
    with pytest.raises(RefusedFile) as refusal:
        read(tmp_path / name)
    assert [problem.rule for problem in refusal.value.problems] == [rule]
    assert "Hãy" in str(refusal.value)


def test_a_hostile_file_costs_no_memory(tmp_path: Path) -> None:
    for name, make in (("a.zip", bomb), ("b.xlsx", far_cell), ("c.xlsx", lying_bomb), ("d.ods", far_cell_of_ods)):
        make(tmp_path / name)
    script = """
import resource, sys
from pathlib import Path
from mangnon.contract.code_lists import OFFICE, CodeLists
from mangnon.reading.problems import RefusedFile
from mangnon.reading.opening import open_source
lists = CodeLists.from_package()
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in map(Path, sys.argv[1:]):
    try:
        open_source(path, path.name, lists, OFFICE)
    except RefusedFile:
        continue
    raise SystemExit(f"{path} was opened")
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 150, "megabytes"


CELLS = st.one_of(
    st.none(),
    st.sampled_from(TITLES),
    st.text(max_size=12),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.dates(),
)


def attempt(path: Path) -> None:
    """Reads every form; anything but rows and refusals is a failure."""
    try:
        source = open_source(path, path.name, LISTS, OFFICE)
    except RefusedFile:
        return
    for name in source.cover.forms:
        form = all_forms()[name]
        try:
            reading = FormReader(form, LISTS, LISTS.reporters.get(source.cover.reporter_code), JUNE).read(
                source.table(form)
            )
            for block in reading:
                assert all(problem.message for problem in block.problems)
            reading.notes()
            reading.declared(source.cover.forms[name])
        except RefusedForm:
            continue


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(grid=st.lists(st.lists(CELLS, max_size=9), max_size=14), row=st.integers(1, 25))
def test_the_reader_never_crashes_on_cells(grid: list[list[Any]], row: int, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_template(path, LISTS.reporters["193"], JUNE, LISTS, HA_LONG.lines)
    book = openpyxl.load_workbook(path)
    for at, cells in enumerate(grid):
        for column, cell in enumerate(cells, start=1):
            if isinstance(cell, str):
                cell = openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.sub("", cell)
            book["Vụ việc"].cell(row + at, column).value = cell
    book.save(path)
    attempt(path)
    book.remove(book["Bìa"])
    book.save(path)
    attempt(path)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_reader_never_crashes_on_damaged_files(data: st.DataObject, tmp_path: Path) -> None:
    names = ["200-2020-03.xls", "201-2020-06.ods", "a.csv"]
    name = data.draw(st.sampled_from(names))
    content = bytearray(
        csv_text(all_forms()["incidents"], submission("193", JUNE)).encode()
        if name == "a.csv"
        else (FROM_OFFICES / name).read_bytes()
    )
    for _ in range(data.draw(st.integers(1, 20))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / name
    path.write_bytes(content)
    attempt(path)
