"""Writes the sample as files: a workbook for each submission, made from the template; one district sends CSVs."""

import csv
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from mangnon.contract.code_lists import CodeLists, Reporter
from mangnon.contract.forms import NOTHING_HAPPENED, Field, all_forms
from mangnon.contract.template import choices, header, write_template
from mangnon.sample.submissions import Row, Submission, submissions
from mangnon.vietnamese import number

CSV_REPORTERS = {"207"}  # send one CSV per form in 2020; all others send workbooks


def write_sample(folder: Path) -> int:
    """Writes every submission into its reporter's place in `folder`. Returns the number of files.

    It makes the folders if need be. Each call writes the same bytes.
    """
    code_lists = CodeLists.from_package()
    return sum(_write(folder, submission, code_lists) for submission in submissions())


def _write(folder: Path, submission: Submission, code_lists: CodeLists) -> int:
    """Writes one submission as a workbook, or as one CSV per form. Returns the number of files."""
    reporter = code_lists.reporters[submission.reporter]
    place = folder / reporter.code
    place.mkdir(parents=True, exist_ok=True)
    name = f"{submission.reporter}-{submission.period:%Y-%m}"
    if submission.reporter in CSV_REPORTERS and submission.period.year == 2020:
        for form, lines in submission.lines.items():
            _write_csv(place / f"{name}-{form}.csv", form, lines, reporter, submission.period, code_lists)
        return len(submission.lines)
    path = place / f"{name}.xlsx"
    write_template(path, reporter, submission.period, code_lists, submission.lines, synthetic=True)
    return 1


def _write_csv(
    path: Path, form_name: str, lines: list[Row], reporter: Reporter, period: date, code_lists: CodeLists
) -> None:
    """Writes a CSV as an office program would save it: Vietnamese titles, labels, numbers and dates."""
    form = all_forms()[form_name]
    shown = {field: choices(field, reporter, period, code_lists) for field in form.fields}
    cover = {"reporter": reporter.code, "period": f"{period:%Y-%m}", "form": form_name}
    cover |= {"revision": "1", "reason": "", "synthetic": "true"}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([f"#{key}", value] for key, value in cover.items())
        writer.writerow(header(field) for field in form.fields)
        writer.writerows([_text(line.get(field.name), field, shown[field]) for field in form.fields] for line in lines)
        if not lines:
            writer.writerow([NOTHING_HAPPENED, *[""] * (len(form.fields) - 1)])


def _text(value: Any, field: Field, shown: Mapping[Any, str]) -> str:
    if value is None:
        return ""
    if shown:
        return shown[value]
    if isinstance(value, date):
        return value.strftime(field.format or "%d/%m/%Y")
    return number(value)
