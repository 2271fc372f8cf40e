"""Code lists, areas and reporters: the codes that a submission may use, and when each is valid."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

REFERENCE_FOLDER = Path(__file__).parent / "reference"

# Reference data has no month. All its loads have this period, so a higher revision replaces the whole list.
REFERENCE_PERIOD = date(1900, 1, 1)
REFERENCE_REPORTER = "_reference"

# The place of what an officer files on behalf of reporters, and the office in the file of mail addresses.
OFFICE = "_office"


def month_after(period: date) -> date:
    """Returns the first day of the month after the one that starts on `period`."""
    return date(period.year + period.month // 12, period.month % 12 + 1, 1)


@dataclass(frozen=True)
class Code:
    """A member of a code list, valid on [valid_from, valid_until)."""

    list: str
    code: str
    label: str
    kind: str | None
    valid_from: date | None
    valid_until: date | None
    sort_order: int
    parent: str | None = None
    other_codes: tuple[str, ...] = ()

    def is_valid_in(self, period: date) -> bool:
        """Returns whether the code is valid on any day of the month."""
        return (self.valid_from is None or self.valid_from < month_after(period)) and (
            self.valid_until is None or self.valid_until > period
        )


@dataclass(frozen=True)
class Reporter:
    """A district office or a provincial body that submits reports, on the days [valid_from, valid_until)."""

    code: str
    name: str
    kind: str
    area: str
    valid_from: date
    valid_until: date | None
    expected_forms: tuple[str, ...]
    due_day: int | None = None  # day of the next month; None if no rule is known

    def is_valid_in(self, period: date) -> bool:
        """Returns whether the reporter reports for that month."""
        return self.valid_from < month_after(period) and (self.valid_until is None or self.valid_until > period)


class CodeLists:
    """The reference data that readers and templates need. It comes from the package's lists or from the warehouse's."""

    def __init__(
        self,
        areas: Iterable[Mapping[str, Any]],
        reporters: Iterable[Mapping[str, Any]],
        codes: Iterable[Mapping[str, Any]],
    ) -> None:
        members = [
            Code(row["list"], row["code"], row["label"], row["kind"] or None, _day(row["valid_from"]),
                 _day(row["valid_until"]), int(row["sort_order"]))
            for row in codes
        ] + [
            Code("areas", row["area_code"], row["name"], row["area_type"], _day(row["valid_from"]),
                 _day(row["valid_until"]), int(row["sort_order"]), row["parent_code"] or None,
                 tuple((row.get("other_codes") or "").split()))
            for row in areas
        ]  # fmt: skip
        self._members = sorted(members, key=lambda member: (member.list, member.sort_order))
        self.reporters = {
            row["reporter_code"]: Reporter(
                row["reporter_code"], row["name"], row["reporter_kind"], row["area_code"],
                _required_day(row["valid_from"]), _day(row["valid_until"]), tuple(row["expected_forms"].split()),
                int(row["due_day"]) if row["due_day"] else None,
            )
            for row in reporters
        }  # fmt: skip

    @classmethod
    def from_package(cls) -> "CodeLists":
        """Returns the lists of the package. Templates and the sample use them, since they need no warehouse."""
        return cls(*(packaged_rows(form) for form in ("areas", "reporters", "codes")))

    @classmethod
    def none(cls) -> "CodeLists":
        """Returns no lists at all, for reading the reference data itself."""
        return cls((), (), ())

    def members(self, name: str, period: date) -> list[Code]:
        """Returns the members of a list that are valid in the month, in their order."""
        return [member for member in self.every(name) if member.is_valid_in(period)]

    def all_members(self) -> list[Code]:
        """Returns the members of all lists, including areas, valid or not."""
        return self._members

    def every(self, name: str) -> list[Code]:
        """Returns all members of a list, valid or not, in their order."""
        return [member for member in self._members if member.list == name]

    def areas_of(self, reporter: Reporter, period: date) -> list[Code]:
        """Returns the areas that the reporter may report for in the month: its own, and for a province its parts.

        The parts of a district are left out, because an incident with its ward could be recognised.
        """
        areas = self.members("areas", period)
        provinces = {area.code for area in areas if area.parent is None}
        return [
            area
            for area in areas
            if area.code == reporter.area or (area.parent == reporter.area and area.parent in provinces)
        ]


def packaged_rows(form: str) -> list[dict[str, str]]:
    """Returns the rows of a packaged reference list, with every value as text. The cover lines are left out."""
    with (REFERENCE_FOLDER / f"{form}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def _day(value: str | date | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) and value else value or None


def _required_day(value: str | date) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value
