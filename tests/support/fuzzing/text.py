"""Mutates CSV: cover, lines, cells, separators, quotes and encodings."""

from random import Random

from support.fuzzing import values

COVER = [
    "#reporter,193", "#reporter,194", "#reporter,_reference", "#reporter", "#period,2020-03", "#period,0000-00",
    "#period,9999-12",
    "#period,2020-06-31", "#revision,-1", "#revision,99999999999999999999", "#revision,²", "#revision,1.5",
    "#revision,",
    "#form,events", "#form,areas", "#form,no_such", "#form", "#reason," + "x" * 5000, "#total:attendances,1e999",
    "#total:attendances,-5", "#total:attendances,000000000000001", "#total:incident_count,999999999999999",
    "#total:x,1",
    "#total:", "#", "##", "#synthetic,maybe", "# form , events ", '#"form",events', '"#form",events', "#form;events",
    "#\0,\0", "#reason,\ufeff\u202e", "#REPORTER,193", '#reason,"a\nb"', '"#reason","', "# ",
]  # fmt: skip
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1258", "cp1252", "latin-1", "utf-7", "utf-32", "cp437"]


def mutated(content: bytes, random: Random) -> bytes:
    """Returns a CSV that one mutation changed."""
    if random.random() < 0.15:
        return values.broken(content, random)
    if random.random() < 0.07:
        return content.decode(errors="replace").encode(random.choice(ENCODINGS), errors="replace")
    lines = content.decode(errors="surrogateescape").split("\n")
    random.choice(MUTATIONS)(lines, random)
    return "\n".join(lines).encode(errors="surrogateescape")


def _cell(lines: list[str], random: Random) -> None:
    at = random.randrange(len(lines))
    separator = max(",;\t", key=lines[at].count)
    cells = lines[at].split(separator)
    cells[random.randrange(len(cells))] = random.choice(
        [values.value(random), values.number(random), '"', '""', 'a"b', '"a']
    )
    lines[at] = separator.join(cells)


def _cells(lines: list[str], random: Random) -> None:
    at = random.randrange(len(lines))
    separator = max(",;\t", key=lines[at].count)
    cells = lines[at].split(separator)
    change = random.choice(["drop", "double", "many", "swap"])
    if change == "drop":
        del cells[random.randrange(len(cells))]
    elif change == "double":
        cells.insert(0, random.choice(cells))
    elif change == "many":
        cells += [random.choice(cells)] * random.choice([1, 100, 20_000])
    else:
        random.shuffle(cells)
    lines[at] = separator.join(cells)


def _cover(lines: list[str], random: Random) -> None:
    at = random.randrange(min(len(lines), 9) + 1)
    lines[at : at + random.randrange(2)] = [random.choice(COVER)]


def _line(lines: list[str], random: Random) -> None:
    at = random.randrange(len(lines))
    change = random.choice(["drop", "double", "many", "move", "empty", "value", "giant", "head"])
    if change == "drop":
        del lines[at]
    elif change == "double":
        lines.insert(random.randrange(len(lines)), lines[at])
    elif change == "many":
        lines[at:at] = [lines[at][:200]] * random.choice([99, 101, 3000])
    elif change == "move":
        lines.insert(random.randrange(len(lines)), lines.pop(at))
    elif change == "empty":
        lines[at:at] = [""] * random.choice([1, 2, 99, 200])
    elif change == "value":
        lines.insert(at, values.value(random))
    elif change == "giant":
        lines.insert(
            at, random.choice(["x", ",", '"', "\t", "á", "=", " ", "#"]) * random.choice([5000, 140_000, 300_000])
        )
    else:
        del lines[:at]


def _separators(lines: list[str], random: Random) -> None:
    old, new = random.choice(",;\t"), random.choice([",", ";", "\t", "|", ",,", " ", '"', "\0", '","'])
    if random.random() < 0.5:
        lines[:] = [line.replace(old, new) for line in lines]
    else:
        at = random.randrange(len(lines))
        lines[at] = lines[at].replace(old, new)


def _ends(lines: list[str], random: Random) -> None:
    end = random.choice(["\r", "\r\r", "\0", "\u2028", "\x0b", "\x0c", "\x85", "\x1a"])
    for at in range(len(lines)) if random.random() < 0.5 else [random.randrange(len(lines))]:
        lines[at] += end


def _quotes(lines: list[str], random: Random) -> None:
    at = random.randrange(len(lines))
    lines[at] = random.choice(
        [f'"{lines[at]}"', f'"{lines[at]}', f'{lines[at]}"', lines[at].replace(",", '","'), f'"{lines[at]}\n"']
    )


MUTATIONS = [_cell, _cell, _cell, _cell, _cells, _cover, _cover, _cover, _line, _line, _separators, _ends, _quotes]
