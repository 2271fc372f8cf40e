"""Problems that reading a file finds: an id and its values. Their wordings for the reporter are in problems.yml."""

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
# Texts, numbers, days, and lists and mappings of them. All can be stored as JSON, days as ISO text.
Values = Mapping[str, Any]
# Sheet, row, field and cell, as far as they are known.
Place = Mapping[str, Any]

CATALOGUE = Path(__file__).with_suffix(".yml")
IN_CELL = "Ô {cell}, cột “{title}”: {said}"


class UnknownWording(LookupError):
    """The catalogue has no such problem, or its wording needs other values."""


@dataclass(frozen=True)
class Declared:
    """A rule of problems.yml: its severity, what it means, and its wordings as templates by the id of the problem.

    Its title names it in Vietnamese where it is counted, as in a chart.
    """

    severity: Severity
    title: str
    means: str
    wordings: Mapping[str, str]


@dataclass(frozen=True)
class Problem:
    """One thing that reading a file found.

    A critical problem refuses the row, the form or the file. A warning points to a likely mistake, but the value is
    read. An info says what was inferred or not read. `row` is the number that the reporter's program shows, from 1; a
    problem without a row concerns the whole form or file.
    """

    id: str  # `not_a_date.number` is one of the wordings of the rule `not_a_date`
    values: Values = dataclasses.field(default_factory=dict)
    _: KW_ONLY
    sheet: str | None = None
    row: int | None = None
    field: str | None = None
    cell: str | None = None
    value: str | None = None  # what stands in the cell
    title: str | None = None  # title of the cell's column; if it is given, the message begins with the cell

    @property
    def rule(self) -> str:
        """The rule that is broken."""
        return rule_of(self.id)

    @property
    def severity(self) -> Severity:
        """The severity of its rule."""
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


class BadValue(Exception):
    """A cell breaks the contract of its field. It carries the id and the values of the problem."""

    def __init__(self, problem_id: str, values: Values | None = None) -> None:
        super().__init__(problem_id)
        self.id = problem_id
        self.values = values or {}

    @property
    def rule(self) -> str:
        """The rule that the cell breaks."""
        return rule_of(self.id)

    @property
    def cause(self) -> Values:
        """Its id and values, for another problem that names it as the cause."""
        return {"id": self.id, "values": self.values}


class RefusedForm(Exception):
    """A form cannot be read at all; `problems` says why."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


class RefusedFile(RefusedForm):
    """A file cannot be read at all; `problems` says why.

    `reporter` is the code of the reporter that the file names, if it names one: it is answered all the same.
    """

    reporter: str | None = None


def rule_of(problem_id: str) -> str:
    """Returns the rule that a problem with this id breaks."""
    return problem_id.partition(".")[0]


def wording(problem_id: str, values: Values) -> str:
    """Returns the wording of a problem with these values. Raises UnknownWording."""
    try:
        return _templates(CATALOGUE)[problem_id].render(values)
    except (KeyError, jinja2.UndefinedError) as error:
        raise UnknownWording(f"{problem_id}: {error}") from error


def catalogue() -> Mapping[str, Declared]:
    """Returns everything that the reader can find, by rule."""
    return _rules(CATALOGUE)


def warm_up() -> None:
    """Reads the catalogue now, so that processes that are forked later have it."""
    catalogue()
    _templates(CATALOGUE)


def common_words() -> Mapping[str, Any]:
    """Returns the words that every wording may use besides its values, by name."""
    return _content(CATALOGUE)["words"]


@cache
def _content(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


@cache
def _rules(path: Path) -> dict[str, Declared]:
    return {rule: _declared(rule, **entry) for rule, entry in _content(path)["problems"].items()}


def _declared(rule: str, severity: Severity, title: str, means: str, wording: str | dict[str, str]) -> Declared:
    if isinstance(wording, str):
        return Declared(severity, title, means, {rule: wording})
    return Declared(severity, title, means, {f"{rule}.{name}": template for name, template in wording.items()})


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
