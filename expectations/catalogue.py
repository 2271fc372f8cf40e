"""The page of all rules: the 25 of the catalogue and our own, with whom each hurts when broken, and every threshold.

`python -m expectations.catalogue` writes docs/catalogue.md again after a change of a rule or of a threshold.
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
# How grave a rule of a gate must be to keep what the catalogue demands.
FITTING = {"B": "critical", "W": "warning", "Q": "critical"}


@dataclass(frozen=True)
class CatalogueEntry:
    """One number of the catalogue, and what does it beside the rules of the gates."""

    number: int
    demands: str
    severity: str  # B blocks, W warns, Q refuses while reading
    reader: tuple[str, ...] = ()  # rules of problems, in src/mangnon
    dbt: tuple[str, ...] = ()  # models with the tests that keep it
    ledger: tuple[str, ...] = ()  # tables whose constraints keep it
    note: str = ""  # what is softer than demanded, or not covered, and why

    @property
    def rules(self) -> list[Rule]:
        """The rules of the gates that carry the number."""
        return [rule for rule in RULES if rule.number == self.number]


def entries() -> list[CatalogueEntry]:
    """The 25 numbers, in their order."""
    text = Path(__file__).with_name("catalogue.yml").read_text(encoding="utf-8")
    declared: list[dict[str, Any]] = yaml.safe_load(text)
    return [_entry(entry) for entry in declared]


def _entry(declared: dict[str, Any]) -> CatalogueEntry:
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in declared.items()
    }
    return CatalogueEntry(**values)


def page() -> str:
    """The page, in Markdown."""
    own = [rule for rule in RULES if rule.number is None]
    return "\n".join(
        [
            "# The catalogue of rules",
            "",
            "<!-- Made from expectations by `python -m expectations.catalogue`: do not edit. -->",
            "",
            "What is checked before anybody sees a number. Gate 1 judges each load, gate 2 the release as BI would see",
            "it; [architecture.md](architecture.md) says which check lives where. A critical rule refuses the load, or",
            "the release where no load can be blamed; a warning publishes with a note. Some warnings hold the release:",
            "readers keep the last one until a person approves.",
            "",
            "## The 25 rules",
            "",
            "Kept by rules of the gates; by the reader, whose problems are named; by models of dbt and their tests; by",
            "constraints of the ledger.",
            "",
            *table(("No.", "Demands", "If broken", "Kept by"), map(_entry_row, entries())),
            *(f"**{entry.number}.** {entry.note}\n" for entry in entries() if entry.note),
            "## Rules of the gates",
            "",
            "What the reporter reads, and whom it hurts if it is published. Rules without a number are our own.",
            "",
            *table(("Rule", "No.", "Gate", "Severity", "Title", "Hurts"), map(_rule_row, [*_numbered(), *own])),
            "## Thresholds",
            "",
            "Every number that a rule compares with, from `expectations/thresholds.yml`. No norm was found for any",
            "band: they are ours, made from what the province published.",
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
