"""The catalogue of 25 rules: every number is kept by something, or says why not; the page says what the rules say."""

import re

import pytest

from expectations import RULES
from expectations.catalogue import CATALOGUE_PAGE, FITTING, CatalogueEntry, entries, page
from mangnon.reading.problems import catalogue
from mangnon.settings import PROJECT

PEOPLE = re.compile(r"child|officer|analyst|reader|reporter|district|whoever", re.IGNORECASE)


def test_the_page_is_not_stale() -> None:
    assert CATALOGUE_PAGE.read_text(encoding="utf-8") == page(), "run: python -m expectations.catalogue"


def test_the_25_rules_are_all_there() -> None:
    assert [entry.number for entry in entries()] == list(range(1, 26))
    assert {rule.number for rule in RULES} <= {None, *range(1, 26)}


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: str(entry.number))
def test_a_number_is_kept_as_gravely_as_demanded_or_says_why_not(entry: CatalogueEntry) -> None:
    elsewhere = entry.reader + entry.dbt + entry.ledger
    fitting = [rule for rule in entry.rules if rule.severity == FITTING[entry.severity]]
    assert elsewhere or fitting or entry.note
    if entry.severity == "B" and any(rule.severity != "critical" for rule in entry.rules):
        assert entry.note or fitting


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: str(entry.number))
def test_what_keeps_a_number_elsewhere_exists(entry: CatalogueEntry) -> None:
    migrations = "".join(file.read_text(encoding="utf-8") for file in (PROJECT / "src" / "mangnon").rglob("*.sql"))
    assert set(entry.reader) <= set(catalogue())
    assert [name for name in entry.dbt if not list((PROJECT / "dbt_project").rglob(f"{name}.sql"))] == []
    assert [name for name in entry.ledger if f"create table {name} " not in migrations] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_names_whom_it_hurts_and_what_to_do(rule) -> None:
    assert PEOPLE.search(rule.hurts)
    assert rule.message_vi
    # What a reporter is told ends with what it should do.
    assert rule.mend_vi.endswith(".") or (rule.gate == "release" and "null::bigint as load_id" in rule.query)
