"""The suites of the two gates: plain declarations, one module a subject. Reading them needs no Great Expectations."""

from expectations import (
    annual_report,
    beneficiaries,
    child_population,
    events,
    incidents,
    published_figures,
    releases,
    submissions,
)
from expectations.rule import Rule

RULES: tuple[Rule, ...] = (
    *submissions.RULES,
    *events.RULES,
    *beneficiaries.RULES,
    *incidents.RULES,
    *child_population.RULES,
    *releases.RULES,
    *annual_report.RULES,
    *published_figures.RULES,
)
