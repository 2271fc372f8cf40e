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
        return _templates()[problem_id].render(values)
    except (KeyError, jinja2.UndefinedError) as error:
        raise UnknownWording(f"{problem_id}: {error}") from error


@cache
def catalogue() -> dict[str, Declared]:
    """Everything that the reader can find, by rule."""
    return {
        rule: Declared(
            declared["severity"],
            {rule: words}
            if isinstance(words := declared["wording"], str)
            else {f"{rule}.{name}": template for name, template in words.items()},
        )
        for rule, declared in _declared()["problems"].items()
    }


@cache
def _declared() -> dict[str, Any]:
    declared: dict[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yml").read_text(encoding="utf-8"))
    return declared


@cache
def _templates() -> dict[str, jinja2.Template]:
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    environment.filters |= FILTERS | {"said": lambda cause: wording(cause["id"], cause["values"])}
    environment.globals |= _declared()["words"]
    return {
        problem_id: environment.from_string(template)
        for declared in catalogue().values()
        for problem_id, template in declared.wordings.items()
    }
