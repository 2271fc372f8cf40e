"""What is wrong with a file: an id and its values. The words, for whoever sent it, are in problems.yml."""

import dataclasses
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import jinja2
import yaml

from mangnon.vietnamese import FILTERS

Severity = Literal["critical", "warning", "info"]
# Texts, numbers, days, and lists and mappings of them: what JSON can hold, days as ISO text.
Values = Mapping[str, Any]
# Sheet, row, field and cell: as many of them as are known.
Place = Mapping[str, Any]

CATALOGUE = Path(__file__).with_suffix(".yml")
IN_CELL = "Ô {cell}, cột “{title}”: {said}"


class UnknownWording(LookupError):
    """The catalogue has no such problem, or asks for other values."""


@dataclass(frozen=True)
class Declared:
    """A rule of problems.yml: how grave it is to break it, and its wordings, each a template, by the problem's id."""

    severity: Severity
    wordings: Mapping[str, str]


@dataclass(frozen=True)
class Problem:
    """One thing that reading a file found.

    Critical refuses the cell's row, the form or the file; a warning is likely a mistake, and read all the same; info
    says what was inferred, or not read. `row` counts as the reporter's program shows it, from 1; without a row the
    problem is the form's or the file's.
    """

    id: str  # `not_a_date.number` is one of the wordings of the rule `not_a_date`
    values: Values = dataclasses.field(default_factory=dict)
    _: KW_ONLY
    sheet: str | None = None
    row: int | None = None
    field: str | None = None
    cell: str | None = None
    value: str | None = None  # what stands in the cell
    title: str | None = None  # of the cell's column: the message then says first which cell it is

    @property
    def rule(self) -> str:
        """What was broken."""
        return rule_of(self.id)

    @property
    def severity(self) -> Severity:
        """How grave it is."""
        return catalogue()[self.rule].severity

    @property
    def said(self) -> str:
        """What is wrong, in Vietnamese. Raises UnknownWording."""
        place = {"sheet": self.sheet, "row": self.row, "cell": self.cell, "value": self.value}
        return wording(self.id, {**place, **self.values})

    @property
    def message(self) -> str:
        """What is wrong and where, in Vietnamese."""
        return self.said if self.title is None else IN_CELL.format(cell=self.cell, title=self.title, said=self.said)


class RefusedForm(Exception):
    """A form cannot be read at all."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


class RefusedFile(RefusedForm):
    """Nothing of the file can be read."""


def rule_of(problem_id: str) -> str:
    """The rule that a problem of that id breaks."""
    return problem_id.partition(".")[0]


def wording(problem_id: str, values: Values) -> str:
    """The words of a problem with these values. Raises UnknownWording."""
    try:
        return _templates(CATALOGUE)[problem_id].render(values)
    except (KeyError, jinja2.UndefinedError) as error:
        raise UnknownWording(f"{problem_id}: {error}") from error


def catalogue() -> Mapping[str, Declared]:
    """Everything that the reader can find, by rule."""
    return _rules(CATALOGUE)


def common_words() -> Mapping[str, Any]:
    """What every wording may use besides its values, by name."""
    return _content(CATALOGUE)["words"]


@cache
def _content(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


@cache
def _rules(path: Path) -> dict[str, Declared]:
    return {rule: _declared(rule, **entry) for rule, entry in _content(path)["problems"].items()}


def _declared(rule: str, severity: Severity, wording: str | dict[str, str]) -> Declared:
    if isinstance(wording, str):
        return Declared(severity, {rule: wording})
    return Declared(severity, {f"{rule}.{name}": template for name, template in wording.items()})


@cache
def _templates(path: Path) -> dict[str, jinja2.Template]:
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    environment.filters |= FILTERS | {"said": lambda cause: wording(cause["id"], cause["values"])}
    environment.globals |= _content(path)["words"]
    return {
        problem_id: environment.from_string(template)
        for declared in _rules(path).values()
        for problem_id, template in declared.wordings.items()
    }
