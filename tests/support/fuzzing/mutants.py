"""Small good files, and what a few mutations make of one of them. The same random numbers make the same mutant."""

import re
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from mangnon.contract.code_lists import OFFICE, REFERENCE_FOLDER, REFERENCE_REPORTER
from mangnon.contract.forms import all_forms
from support import bad_input, messy
from support.fuzzing import archives, compounds, text
from support.reading import FROM_OFFICES, HA_LONG

HOSTILE = FROM_OFFICES.parent / "hostile"
SHORT_LINES = 12
CLOCK = re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+Z")


@dataclass(frozen=True)
class File:
    """A file, and the place in which it lies."""

    name: str
    content: bytes
    place: str


def mutant(random: Random) -> File:
    """Returns a mutant of one of the seeds."""
    families = seeds()
    seed = random.choice(families[random.choice(sorted(families))])
    content = seed.content
    for _ in range(random.choice([1, 1, 1, 2, 2, 3, 5])):
        content = _mutated(content, random)
    name = (
        seed.name
        if random.random() < 0.97
        else random.choice(["a.csv", "a.xlsx", "a.xls", "a.ods", "a.zip", "a.txt", "a", "a.pdf"])
    )
    place = seed.place if random.random() < 0.8 else random.choice([OFFICE, "193", "194", REFERENCE_REPORTER])
    return File(name, content, place)


def _mutated(content: bytes, random: Random) -> bytes:
    if content.startswith(b"PK"):
        return archives.mutated(content, random)
    if content.startswith(b"\xd0\xcf"):
        return compounds.mutated(content, random)
    return text.mutated(content, random)


@cache
def seeds() -> dict[str, list[File]]:
    """Returns small files by their kind."""
    workbooks, texts, bundles = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.xlsx"
        bad_input.submission(path)
        workbooks += [File("mau.xlsx", _steady(path.read_bytes()), OFFICE)] * 2
        styles = [
            messy.Style(),
            messy.Style(serial_days=True, money="triệu đồng", is_unit_above=True, nil="-"),
            messy.Style(text=messy.in_font("tcvn3"), font=".VnTime", numbers_as_text=True),
            messy.Style(text=messy.in_font("vni"), font="VNI-Times"),
        ]
        for style in styles:
            messy.workbook(path, HA_LONG, style)
            workbooks.append(File("tay.xlsx", _steady(path.read_bytes()), OFFICE))
    for name, separator in zip(HA_LONG.lines, ",;\t,;", strict=False):
        content = _short(messy.csv_text(all_forms()[name], HA_LONG, separator))
        texts.append(File(f"{name}.csv", content.encode(), OFFICE))
        texts.append(File(f"{name}.csv", messy.mojibake(content).encode(), OFFICE))
    content = _short(messy.csv_text(all_forms()["events"], HA_LONG))
    texts.append(File("tcvn3.csv", messy.in_font("tcvn3")(content).encode("latin-1", "replace"), OFFICE))
    texts.append(File("bìa.csv", "\n".join(content.split("\n")[6:]).encode(), OFFICE))
    lists = [path for path in sorted(REFERENCE_FOLDER.glob("*.csv"))]
    texts += [File(path.name, _short(path.read_text("utf-8")).encode(), REFERENCE_REPORTER) for path in lists]
    texts += [File(path.name, path.read_bytes(), OFFICE) for path in sorted(HOSTILE.glob("*.csv"))]
    members = [(f"{name}.csv", _short(messy.csv_text(all_forms()[name], HA_LONG)).encode()) for name in HA_LONG.lines]
    for some in (members, members[:1], [*members[:2], ("__MACOSX/._a", b"x"), (".DS_Store", b"x")]):
        bundles.append(File("goi.zip", archives.packed(some, Random(0)), OFFICE))
    binary = [File(path.name, path.read_bytes(), OFFICE) for path in sorted(FROM_OFFICES.glob("*.xls"))]
    open_documents = [File(path.name, path.read_bytes(), OFFICE) for path in sorted(FROM_OFFICES.glob("*.ods"))]
    return {"xlsx": workbooks, "csv": texts, "zip": bundles, "xls": binary, "ods": open_documents}


def _steady(content: bytes) -> bytes:
    """Returns the workbook as if it were made at another time, so that a seed makes the same mutant tomorrow."""
    members = [(name, CLOCK.sub(b"2020-06-05T00:00:00Z", data)) for name, data in archives.unpacked(content)]
    return archives.packed(members, Random(0))


def _short(content: str) -> str:
    return "\n".join(content.split("\n")[:SHORT_LINES])
