"""The suites of the two gates as plain declarations, one module per subject. Importing them needs no GX."""

from expectations.loads import (
    beneficiaries,
    child_population,
    events,
    history,
    incidents,
    lists,
    parts,
    personal_data,
    resubmissions,
    submissions,
)
from expectations.release import (
    annual_report,
    areas,
    changes,
    completeness,
    incident_rates,
    published_figures,
    reconciliation,
    wholeness,
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
    *lists.RULES,
    *parts.RULES,
    *wholeness.RULES,
    *completeness.RULES,
    *annual_report.RULES,
    *reconciliation.RULES,
    *changes.RULES,
    *areas.RULES,
    *incident_rates.RULES,
    *published_figures.RULES,
)
