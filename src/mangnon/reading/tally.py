"""Checks what rows of totals claim. The sums of a section are compared with its rows; the totals of the table become
declared totals.

Lines "trong đó" are part of other lines, so no sum contains them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mangnon.contract.forms import Form
from mangnon.reading.problems import BadValue, Place, Problem, RefusedForm, Values

Sums = dict[str, int]  # field → sum


@dataclass(frozen=True)
class Claim:
    """A row that claims sums: its row number, its cells by field, and the sums and errors read from them."""

    row: int
    cells: Mapping[str, str]
    sums: Sums
    unreadable: Mapping[str, BadValue] = field(default_factory=dict)


@dataclass
class Tally:
    """Follows the rows of a table from its top to its end."""

    form: Form
    sheet: str | None
    totals: list[Claim] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    _section: Claim | None = None
    _rows: int = 0
    _sums: Sums = field(default_factory=dict)
    _is_whole: bool = True  # no row of the section was refused

    def rows(self, count: int, sums: Sums, is_whole: bool) -> None:
        """Adds `count` rows of data with their sums; `is_whole` is false if any of them was refused."""
        self._rows += count
        self._is_whole = self._is_whole and is_whole
        for name, value in sums.items():
            self._sums[name] = self._sums.get(name, 0) + value

    @property
    def is_open(self) -> bool:
        """Whether a section has begun, so that the sums of the next rows are needed."""
        return self._section is not None

    def follow(self, kind: str, claim: Claim, is_plain: bool) -> None:
        """Adds a heading of a section (which may have sums), a subtotal of the rows above, or a total of the table.

        A plain `Cộng` in a section may be a subtotal or a total: it is a subtotal if it equals the section's sums.
        """
        if kind == "total" and is_plain and self._section and self._rows and not self._differences(claim):
            return
        if kind == "subtotal":
            self._compare(claim)
        if self._section is not None:
            self._compare(self._section)
        self._section, self._rows, self._sums, self._is_whole = None, 0, {}, True
        if kind == "section":
            self._section = claim
        if kind == "total":
            self.totals.append(claim)

    def declared(self, on_cover: Mapping[str, float]) -> dict[str, float]:
        """Returns the declared totals by field; the cover's take precedence. Raises RefusedForm with all problems."""
        if self._section is not None:
            self._compare(self._section)
        declared = dict(on_cover)
        stated: dict[str, str | None] = dict.fromkeys(on_cover)  # field → the cell that states it; None: the cover
        for claim in self.totals:
            for name in self.form.totals:
                found: Values
                title, cell = self.form.field(name).title, claim.cells.get(name, "")
                if name in claim.unreadable:
                    found = {"column": title, "cause": claim.unreadable[name].cause}
                    self.problems.append(Problem("total_unreadable.row", found, **self._place(claim, name)))
                elif name in claim.sums and declared.setdefault(name, claim.sums[name]) != claim.sums[name]:
                    found = {
                        "column": title,
                        "other_cell": stated[name],
                        "other_total": declared[name],
                        "total": claim.sums[name],
                    }
                    self.problems.append(Problem("totals_contradict", found, **self._place(claim, name)))
                elif name in claim.sums:
                    stated.setdefault(name, cell)
        if self.problems:
            raise RefusedForm(*self.problems)
        return declared

    def _compare(self, claim: Claim) -> None:
        if not self._is_whole:
            return  # the section has refused rows, which are reported themselves
        for name, (claimed, summed) in self._differences(claim).items():
            title = self.form.field(name).title
            found = {"claimed": claimed, "summed": summed}
            self.problems.append(Problem("subtotal_differs", found, title=title, **self._place(claim, name)))

    def _place(self, claim: Claim, name: str) -> Place:
        return {"sheet": self.sheet, "row": claim.row, "field": name, "cell": claim.cells.get(name, "")}

    def _differences(self, claim: Claim) -> dict[str, tuple[int, int]]:
        return {
            name: (claimed, self._sums.get(name, 0))
            for name, claimed in claim.sums.items()
            if claimed != self._sums.get(name, 0)
        }
