"""The Vietnamese words of what BI sees: a title for each column, a label for each code that is in no code list."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from mangnon.contract.forms import REFERENCE, Form, all_forms, submission_forms

FILE = Path(__file__).with_name("words.yml")


def title(column: str, form: Form | None = None) -> str:
    """Returns the Vietnamese title of a column of the marts: that of the form's field, or the one declared here.

    A column `<code>_label` or `<code>_sort_order` is called after its code. Raises KeyError if it has no title.
    """
    titles: dict[str, str] = _words()["titles"] | _titles_of_fields() | _titles_of(form)
    if column in titles:
        return titles[column]
    for ending, said in _words()["endings"].items():
        if column.removesuffix(ending) in titles:
            return f"{titles[column.removesuffix(ending)]}{said}"
    raise KeyError(f"{column}: give the column a title in {FILE.name}")


def labels(column: str) -> dict[str, str]:
    """Returns code → label of a column with codes, in the order of lists; empty for any other column."""
    return _labels().get(column, {})


def columns_with_labels() -> list[str]:
    """Returns the names of the columns whose codes have labels here."""
    return list(_labels())


@cache
def _labels() -> dict[str, dict[str, str]]:
    forms = all_forms()
    declared: dict[str, dict[str, str]] = _words()["labels"]
    said_by_forms = {
        field.name: dict(field.categories) for form in forms.values() for field in form.fields if field.categories
    }
    titles = {"form": {form.name: form.title for form in forms.values()}}
    return {
        name: said_by_forms.get(name, {}) | titles.get(name, {}) | declared.get(name, {})
        for name in dict.fromkeys([*said_by_forms, *titles, *declared])
    }


@cache
def _titles_of_fields() -> dict[str, str]:
    """The titles of fields with codes, which several forms have."""
    return {field.name: field.title for form in submission_forms() for field in form.dimensions}


def _titles_of(form: Form | None) -> dict[str, str]:
    return {field.name: field.title for field in form.fields} if form and form.kind != REFERENCE else {}


@cache
def _words() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return content
