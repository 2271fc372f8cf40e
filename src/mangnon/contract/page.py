"""Writes what is generated from the contract: the page docs/contracts.md, dbt's sources, and the files of dbt_files.

Run `python -m mangnon.contract.page` after you change a form, a code list, or a view of the marts.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml

from mangnon.contract import dbt_files
from mangnon.contract.code_lists import packaged_rows
from mangnon.contract.forms import (
    HIGHEST_REVISION,
    NOT_YET,
    NOTHING_HAPPENED,
    REFERENCE,
    STATEMENT_COLUMN,
    WITH_DATA,
    Field,
    Form,
    all_forms,
    reference_forms,
    submission_forms,
)  # fmt: skip
from mangnon.contract.template import STEPS, header
from mangnon.settings import PROJECT

CONTRACT_PAGE = PROJECT / "docs" / "contracts.md"
SOURCE_PROPERTIES = PROJECT / "dbt_project" / "models" / "staging" / "raw" / "_raw__sources.yml"

GENERATED = "Made from src/mangnon/contract by `python -m mangnon.contract.page`: do not edit."

# The loader adds these columns to those of the form: name, SQL type, description.
LOADER_COLUMNS = (
    ("load_id", "bigint", "The load that read the row; see ops.loads for its reporter, form and period."),
    ("line", "integer", "Number of the line within its load, from 1."),
    ("sheet_name", "text", "Sheet that the line was read from; empty for a CSV."),
    ("row_number", "integer", "Row of the sheet, or of the CSV file, that the line was read from; from 1."),
)

COVER = (
    (
        "Mã đơn vị báo cáo *",
        "#reporter",
        "Code of the reporter, valid in the period. In a reporter's place (see places.md) only its own.",
    ),
    ("Tên đơn vị", "", "Name of the reporter, for people only."),
    ("Kỳ báo cáo (năm-tháng) *", "#period", "The month, such as 2020-03."),
    (
        f"{STATEMENT_COLUMN} *",
        "#form",
        f'What the file says of each form: "{WITH_DATA}" (data), "{NOTHING_HAPPENED}" (nothing happened), "{NOT_YET}" '
        "(not yet). A CSV has one form, by its name as below; a line of its table says that nothing happened.",
    ),
    ("Lần gửi *", "#revision", f"Revision, a whole number from 1 to {HIGHEST_REVISION}; the highest one counts."),
    (
        "Lý do gửi lại",
        "#reason",
        "Why the reporter sends the file again. Readers of the marts see it, so it names no person.",
    ),
    ("Dữ liệu mẫu (giả định)", "#synthetic", 'Made-up data: "x" in a workbook, true or false in a CSV.'),
    ("Tổng khai báo", "", 'Declared totals per form and measure, without lines "trong đó"; formulas in the template.'),
)


def contract_page() -> str:
    """Returns the page of the contract in Markdown: the cover, every form and every code list."""
    return "\n".join(
        [
            "# Forms: the contract",
            "",
            f"<!-- {GENERATED} -->",
            "",
            "This page lists what a submission may contain. The blank workbook, the reader, the tables of `raw` and",
            "dbt's sources are made from the same declarations, so the program does what this page says.",
            "",
            *_cover_section(),
            "## When a form changes",
            "",
            "A new column of a form becomes a column of `raw` with the next `mangnon deploy`. It is empty in all rows",
            "that were read before, also in those of a night that is not published yet, so no model may require it. A",
            "column that a form loses stays in `raw` and is empty from then on. A column cannot change its type:",
            "`mangnon deploy` refuses that, so give the new column a new name. The contracts of the models in",
            "`dbt_project/models` say what BI sees; `mangnon deploy --check` shows which queries a change would break.",
            "",
            "## Submission forms",
            "",
            *(line for form in submission_forms() for line in _form_section(form)),
            "## Reference forms",
            "",
            "Lists of reference data are CSV files, one form a file. The first two lines are `#reporter,_reference`",
            "and `#form,` with the name of the form. Lists never come through the inbox: `mangnon deploy` delivers",
            "those of the package, `mangnon reference deliver` others. Each file is the whole list, and the newest",
            "accepted delivery counts; a line `#revision`, which earlier versions had, is not read. Dates are written",
            "year-month-day.",
            "",
            *(line for form in reference_forms() for line in _form_section(form)),
            "## Code lists",
            "",
            "A code without dates is always valid. On the day `Valid until` a code is no longer valid. A cell may hold",
            "the code or the label.",
            "",
            *_code_lists(),
        ]
    )


def source_properties() -> str:
    """Returns the YAML of dbt's sources: a table of the schema `raw` for each form, with every column described."""
    sources = [
        {
            "name": "raw",
            "schema": "raw",
            "description": "Rows as read, typed by the contract of their form. The ledger says which of them count.",
            "tables": [_source_table(form) for form in all_forms().values()],
        }
    ]
    properties = yaml.safe_dump({"version": 2, "sources": sources}, sort_keys=False, allow_unicode=True, width=120)
    return f"# {GENERATED}\n\n{properties}"


def _cover_section() -> list[str]:
    return [
        "## Files and covers",
        "",
        "A workbook has a cover sheet `Bìa` and one sheet per form. A CSV (UTF-8, comma) holds one form; its cover is",
        "the leading lines `#key,value`. File names carry no meaning. Numbers are Vietnamese: `.` groups digits, `,`",
        "is the decimal mark. An empty cell is unknown, not zero. If a file contains a form without rows, there was",
        "nothing to report; if it does not contain the form, the form is not reported. [reading.md](reading.md) says",
        "what else the reader understands, and what it refuses.",
        "",
        *table(("Cover (workbook)", "Cover (CSV)", "Meaning"), COVER),
        "The workbook tells officers:",
        "",
        *(f"{number}. {step}" for number, step in enumerate(STEPS, start=1)),
        "",
    ]


def _form_section(form: Form) -> list[str]:
    totals = ", ".join(f"`{name}`" for name in form.totals)
    return [
        f"### {form.title} (`{form.name}`)" if form.kind != REFERENCE else f"### `{form.name}`",
        "",
        f"{form.description} Kind: {form.kind}. Grain: {form.grain}."
        + (f" Declared totals: {totals}." if totals else ""),
        "",
        *table(
            ("Title", "Name", "Type", "Required", "Unit", "Values", "Description"),
            map(_field_row, form.fields),
        ),
        *_other_names(form),
    ]


def _other_names(form: Form) -> list[str]:
    fields = [(field.title, field.aliases) for field in form.fields if field.aliases]
    return [
        *([f"The sheet may also be called: {'; '.join(form.aliases)}.", ""] if form.aliases else []),
        *(["Columns may also be called:", ""] if fields else []),
        *(f"- {title}: {'; '.join(aliases)}" for title, aliases in fields),
        *([""] if fields else []),
    ]


def _field_row(field: Field) -> list[str]:
    required = "yes" if field.required else ""
    unit = field.unit or ""
    return [header(field), f"`{field.name}`", _type(field), required, unit, _values(field), field.description]


def _type(field: Field) -> str:
    limits = [f"≥ {field.minimum}"] if field.minimum is not None else []
    limits += [f"≤ {field.maximum}"] if field.maximum is not None else []
    return " ".join([field.type, *limits])


def _values(field: Field) -> str:
    if field.codes:
        return f"list `{field.codes}`"
    shown = ", ".join(f"`{value}` {label}" for value, label in field.categories)
    return shown + (f"; default `{field.default}`" if shown and field.default else "")


def _code_lists() -> Iterator[str]:
    for name, rows in groupby(packaged_rows("codes"), key=lambda row: row["list"]):
        yield from (f"### `{name}`", "")
        columns = ("code", "label", "kind", "valid_from", "valid_until", "source")
        yield from table(
            ("Code", "Label", "Kind", "Valid from", "Valid until", "Source"),
            ((f"`{row['code']}`", *(row[column] for column in columns[1:])) for row in rows),
        )


def table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """Returns the lines of a table in Markdown, and the empty line after it."""
    headings = list(headings)
    lines = [headings, ["---"] * len(headings), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return [*("| " + " | ".join(line) + " |" for line in lines), ""]


def _source_table(form: Form) -> dict[str, Any]:
    columns = [*LOADER_COLUMNS, *((field.name, field.sql_type, _column_description(field)) for field in form.fields)]
    return {
        "name": form.name,
        "description": f"{form.description} Grain: one row per load_id and line ({form.grain}).",
        "columns": [
            {"name": name, "data_type": data_type, "description": description}
            for name, data_type, description in columns
        ],
    }


def _column_description(field: Field) -> str:
    return field.description + (f" In {field.unit}." if field.unit else "")


def write(path: Path, text: str) -> None:
    """Writes a generated file, and makes its folder if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(CONTRACT_PAGE, contract_page())
    write(SOURCE_PROPERTIES, source_properties())
    for path, text in dbt_files.files().items():
        write(path, text)
    for path in dbt_files.left_over():
        path.unlink()
