"""The suites of the two gates: plain declarations, one module a subject. Reading them needs no Great Expectations."""

from expectations import (
    annual_report,
    areas,
    beneficiaries,
    changes,
    child_population,
    events,
    history,
    incident_rates,
    incidents,
    personal_data,
    published_figures,
    reconciliation,
    releases,
    resubmissions,
    submissions,
)
from expectations.rule import Rule

RULES: tuple[Rule, ...] = (
    *submissions.RULES,
    *history.RULES,
    *resubmissions.RULES,
    *personal_data.RULES,
    *events.RULES,
    *beneficiaries.RULES,
    *incidents.RULES,
    *child_population.RULES,
    *releases.RULES,
    *annual_report.RULES,
    *reconciliation.RULES,
    *changes.RULES,
    *areas.RULES,
    *incident_rates.RULES,
    *published_figures.RULES,
)
