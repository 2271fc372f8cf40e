"""Mutates zip files: what is inside, which members there are, and what the records of the zip file claim."""

import io
import warnings
import zipfile
from collections.abc import Callable
from random import Random

from support.fuzzing import markup, text, values

Members = list[tuple[str, bytes]]
NAMES = [
    "", "/", "..", "../a.csv", "/etc/a.csv", "a\\b.csv", "a/b/c/d.csv", "x" * 5000 + ".csv", ".csv", "A.CSV", "a.csv/",
    "__MACOSX/._a.csv", "content.xml", "xl/workbook.xml", "word/x", "META-INF/MANIFEST.MF", "xl/worksheets/sheet1.xml",
    "xl/sharedStrings.xml", "XL/Workbook.xml", "a\n.csv", "ế.csv", "a\x01.csv", "con.csv", "a.xlsx", "mimetype",
]  # fmt: skip
# (offset in the record, bytes of the field) of the fields of a member's record in the central directory, of its own
# header, and of the record at the end
DIRECTORY = [
    (4, 2),
    (6, 2),
    (8, 2),
    (10, 2),
    (16, 4),
    (20, 4),
    (24, 4),
    (28, 2),
    (30, 2),
    (32, 2),
    (34, 2),
    (38, 4),
    (42, 4),
]
HEADER = [(4, 2), (6, 2), (8, 2), (14, 4), (18, 4), (22, 4), (26, 2), (28, 2)]
END = [(4, 2), (6, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 2)]
RECORDS = {b"PK\1\2": DIRECTORY, b"PK\3\4": HEADER, b"PK\5\6": END}


def mutated(content: bytes, random: Random) -> bytes:
    """Returns a zip file that one mutation changed."""
    if random.random() < 0.15:
        return random.choice([_claim, _claim, _claim, values.broken])(content, random)
    try:
        members = unpacked(content)
    except Exception:  # an earlier mutation broke it
        return _claim(content, random)
    if not members:
        return values.broken(content, random)
    random.choice(INSIDE if random.random() < 0.85 else AROUND)(members, random)
    return packed(members, random)


def unpacked(content: bytes) -> Members:
    """Returns the members of a zip file; those of one name each with its own content."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [(member.filename, archive.read(member)) for member in archive.infolist()]


def packed(members: Members, random: Random) -> bytes:
    """Returns a zip file with these members."""
    file = io.BytesIO()
    method = random.choice([zipfile.ZIP_DEFLATED] * 20 + [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w", method) as archive:
        warnings.simplefilter("ignore")  # doubled names
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return file.getvalue()


def _content(members: Members, random: Random) -> None:
    """Mutates a member; parts that hold cells, names and relations more often than pictures of themes."""
    likely = [
        at for at, (name, _) in enumerate(members) if name.endswith((".xml", ".rels", ".csv")) and "theme" not in name
    ]
    at = random.choice(likely or range(len(members)))
    name, data = members[at]
    mutate = text.mutated if name.lower().endswith((".csv", ".txt", ".tsv")) else markup.mutated
    members[at] = name, mutate(data, random)


def _drop(members: Members, random: Random) -> None:
    del members[random.randrange(len(members))]


def _double(members: Members, random: Random) -> None:
    name, data = random.choice(members)
    members.append((name, random.choice([data, b"", markup.mutated(data, random)])))


def _rename(members: Members, random: Random) -> None:
    at = random.randrange(len(members))
    name, data = members[at]
    members[at] = random.choice([*NAMES, name.upper(), name.replace("/", "\\"), "/" + name, name + " "]), data


def _swap(members: Members, random: Random) -> None:
    first, second = random.randrange(len(members)), random.randrange(len(members))
    (one, this), (other, that) = members[first], members[second]
    members[first], members[second] = (one, that), (other, this)


def _order(members: Members, random: Random) -> None:
    random.shuffle(members)


def _add(members: Members, random: Random) -> None:
    members.insert(random.randrange(len(members)), (random.choice(NAMES), values.value(random).encode()))


def _empty(members: Members, random: Random) -> None:
    at = random.randrange(len(members))
    members[at] = members[at][0], random.choice([b"", b"\0", b"<x/>", b"PK\3\4"])


INSIDE: list[Callable[[Members, Random], None]] = [_content]
AROUND = [_drop, _double, _rename, _swap, _order, _add, _empty]


def _claim(content: bytes, random: Random) -> bytes:
    """Changes what a record of the zip file says."""
    data = bytearray(content)
    sign = random.choice(list(RECORDS))
    places = (
        [at for at in range(len(data) - 46) if data[at : at + 4] == sign] if sign != b"PK\5\6" else [data.rfind(sign)]
    )
    if not places or places[0] < 0:
        return values.broken(content, random)
    at = random.choice(places)
    offset, size = random.choice(RECORDS[sign])
    new = values.integer(random, size)
    if random.random() < 0.3:  # off by one
        old = int.from_bytes(data[at + offset : at + offset + size], "little")
        new = ((old + random.choice([-1, 1])) % (1 << 8 * size)).to_bytes(size, "little")
    data[at + offset : at + offset + size] = new
    return bytes(data)
