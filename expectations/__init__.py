"""The suites of the two gates: plain declarations, one module a subject. Reading them needs no Great Expectations."""

from expectations import annual_report, beneficiaries, child_population, events, incidents, releases, submissions
from expectations.rule import Gate, Rule

RULES: tuple[Rule, ...] = (
    *submissions.RULES,
    *events.RULES,
    *beneficiaries.RULES,
    *incidents.RULES,
    *child_population.RULES,
    *releases.RULES,
    *annual_report.RULES,
)


def suite(gate: Gate) -> list[Rule]:
    """The rules of one gate, in their order."""
    return [rule for rule in RULES if rule.gate == gate]
