"""What is wrong with a file, said to the person who sent it."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["critical", "warning", "info"]


@dataclass(frozen=True)
class Problem:
    """One thing that reading a file found. The message is Vietnamese, for the reporter.

    Critical refuses the cell's row, the form or the file; a warning is likely a mistake, and read all the same; info
    says what was inferred, or not read. `row` counts as the reporter's program shows it, from 1; without a row the
    problem is the form's or the file's.
    """

    rule: str
    message: str
    sheet: str | None = None
    row: int | None = None
    field: str | None = None
    cell: str | None = None
    value: str | None = None
    severity: Severity = "critical"


class RefusedForm(Exception):
    """A form cannot be read at all."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


class RefusedFile(RefusedForm):
    """Nothing of the file can be read."""
