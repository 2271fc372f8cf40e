"""The corpus of field files as a part of docs/reading.md: `PYTHONPATH=tests .venv/bin/python -m support.corpus` writes it."""

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[1] / "fixtures" / "field"
PAGE = Path(__file__).parents[2] / "docs" / "reading.md"
BEGIN, END = "<!-- made by tests/support/corpus.py -->", "<!-- end -->"
# So many files are named as examples of a finding.
EXAMPLES = 3


def files() -> dict[str, dict[str, Any]]:
    """Returns what must come out of each file, by its name."""
    table: dict[str, dict[str, Any]] = yaml.safe_load((FOLDER / "files.yml").read_text(encoding="utf-8"))
    return table


def section() -> str:
    """Returns the section of the page: how many files are read, and each finding with the files that stand for it."""
    table = files()
    makers = {one["by"].partition(" (")[0] for one in table.values()}
    whole = sum("refused" not in one for one in table.values())
    part = sum("refused" in one and any(one["rows"].values()) for one in table.values())
    lines = [
        f"{len(table)} files by {len(makers)} makers ({', '.join(sorted(makers))}): {whole} are read, of {part} the good",
        f"rows or forms are read and the others refused, {len(table) - whole - part} are refused. None is read wrongly.",
        "",
        "| finding | files | such as |",
        "|---|---|---|",
    ]
    found: dict[str, set[str]] = defaultdict(set)
    for name, one in table.items():
        for finding in (*one.get("notes", ()), *(place[0] for place in one.get("refused", ()))):
            found[finding].add(name)
    for finding, names in sorted(found.items()):
        examples = ", ".join(f"`{name}`" for name in sorted(names)[:EXAMPLES])
        lines.append(f"| `{finding}` | {len(names)} | {examples} |")
    return "\n".join(lines)


def page() -> str:
    """Returns the page with today's section."""
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.S)
    return pattern.sub(lambda _: f"{BEGIN}\n{section()}\n{END}", PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
