"""Writes the page of all rules: the 25 of the catalogue, our own, whom a broken rule hurts, and every threshold.

Run `python -m expectations.catalogue` after you change a rule or a threshold; it writes docs/catalogue.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from expectations import RULES
from expectations.rule import Rule, thresholds
from mangnon.contract.page import table
from mangnon.settings import PROJECT

CATALOGUE_PAGE = PROJECT / "docs" / "catalogue.md"
GATES = {"loads": "1", "release": "2"}
SEVERITIES = {"B": "blocks", "W": "warns", "Q": "reader refuses"}
# A rule of a gate needs this severity to keep what the catalogue demands.
FITTING = {"B": "critical", "W": "warning", "Q": "critical"}


@dataclass(frozen=True)
class CatalogueEntry:
    """A numbered rule of the catalogue, and what keeps it besides the rules of the gates."""

    number: int
    demands: str
    severity: str  # B: a gate blocks; W: a gate warns; Q: the reader refuses
    reader: tuple[str, ...] = ()  # names of the reader's problems, in src/mangnon
    dbt: tuple[str, ...] = ()  # models whose tests keep it
    ledger: tuple[str, ...] = ()  # tables whose constraints keep it
    note: str = ""  # where we are softer than the demand or do not cover it, and why

    @property
    def rules(self) -> list[Rule]:
        """Returns the rules of the gates with this number."""
        return [rule for rule in RULES if rule.number == self.number]


def entries() -> list[CatalogueEntry]:
    """Returns the 25 rules of the catalogue, in their order."""
    text = Path(__file__).with_name("catalogue.yml").read_text(encoding="utf-8")
    declared: list[dict[str, Any]] = yaml.safe_load(text)
    return [_entry(entry) for entry in declared]


def _entry(declared: dict[str, Any]) -> CatalogueEntry:
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in declared.items()
    }
    return CatalogueEntry(**values)


def page() -> str:
    """Returns the page in Markdown."""
    own = [rule for rule in RULES if rule.number is None]
    return "\n".join(
        [
            "# The catalogue of rules",
            "",
            "<!-- Made from expectations by `python -m expectations.catalogue`: do not edit. -->",
            "",
            "These rules are checked before anybody sees a number. Gate 1 judges each load; gate 2 judges the release",
            "as BI would see it. [architecture.md](architecture.md) says where each check lives. A critical rule",
            "refuses the load, or the whole release if no load can be blamed. A load with a warning is published with",
            "a note. Some warnings hold the release: readers keep the last one until a person approves.",
            "",
            "## The 25 rules",
            "",
            "The last column says what keeps a rule: rules of the gates, problems that the reader reports, tests of",
            "dbt models, or constraints of the ledger.",
            "",
            *table(("No.", "Demands", "If broken", "Kept by"), map(_entry_row, entries())),
            *(f"**{entry.number}.** {entry.note}\n" for entry in entries() if entry.note),
            "## Rules of the gates",
            "",
            "The title is what the reporter reads. The last column says whom the error hurts if it is published. Rules",
            "without a number are our own.",
            "",
            *table(("Rule", "No.", "Gate", "Severity", "Title", "Hurts"), map(_rule_row, [*_numbered(), *own])),
            "## Thresholds",
            "",
            "These are all numbers that rules compare with, from `expectations/thresholds.yml`. We found no norm for",
            "any band: the bands are ours, made from what the province published.",
            "",
            *table(("Name", "Value", "Unit", "Since", "Why"), map(_threshold_row, thresholds())),
        ]
    )


def _numbered() -> Iterable[Rule]:
    return sorted((rule for rule in RULES if rule.number is not None), key=lambda rule: rule.number or 0)


def _entry_row(entry: CatalogueEntry) -> list[str]:
    kept_by = [f"`{rule.name}` ({_graveness(rule)})" for rule in entry.rules]
    for kind in ("reader", "dbt", "ledger"):
        if names := getattr(entry, kind):
            kept_by.append(f"{kind}: " + ", ".join(f"`{name}`" for name in names))
    return [str(entry.number), entry.demands, SEVERITIES[entry.severity], "; ".join(kept_by)]


def _rule_row(rule: Rule) -> list[str]:
    return [
        f"`{rule.name}`", str(rule.number or ""), GATES[rule.gate], _graveness(rule), rule.message_vi, rule.hurts,
    ]  # fmt: skip


def _graveness(rule: Rule) -> str:
    return f"{rule.severity}, holds the release" if rule.holds_release else rule.severity


def _threshold_row(name: str) -> list[str]:
    declared = thresholds()[name]
    value = declared["value"]
    shown = ", ".join(value) if isinstance(value, list) else f"{value:,}"
    return [f"`{name}`", shown, declared["unit"], str(declared["date"]), declared["reason"]]


if __name__ == "__main__":
    CATALOGUE_PAGE.write_text(page(), encoding="utf-8")
