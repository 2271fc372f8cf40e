"""What there is to say of a delivery to its reporter: what became of its forms, and everything that was found.

A delivery is told of as the night read it. Reading it again (a backfill) is not the reporter's doing, so that alone
tells nobody anything; but what is told is what the newest reading says, and a form that is held is told of whoever read
it. What a higher revision has replaced is not told any more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from psycopg.rows import class_row, dict_row

from mangnon.contract.code_lists import CodeLists, Reporter
from mangnon.contract.forms import all_forms
from mangnon.reading.problems import Place, Problem, Severity, UnknownWording, Values
from mangnon.warehouse import Connection

# More than anybody mends by hand; the rest is counted.
MOST = 2000

# Of each form of a delivery the newest reading; one that refused the whole file speaks of all its forms.
NEWEST = """
    select loads.*
    from ops.loads
    where loads.reporter_code is distinct from '_reference'
        and not exists (
            select from ops.loads as later
            where later.delivery_id = loads.delivery_id
                and later.load_id > loads.load_id
                and (later.form = loads.form or num_nulls(later.form, loads.form) > 0)
        )
"""

# Of each delivery that was not told all: form and rule of what it was not told. A problem was found when the delivery
# was read, so whoever was told anything was told of it; verdicts and holds may come later.
UNTOLD = f"""
    with newest as ({NEWEST}),

    night_loads as (
        select loads.*
        from ops.loads
        inner join ops.batches using (batch_id)
        where batches.kind = 'night' and loads.reporter_code is distinct from '_reference'
    ),

    topics as (
        select night_loads.delivery_id, concat(night_loads.form, ':', problems.rule) as topic
        from night_loads
        inner join raw.problems using (load_id)
        where problems.severity <> 'info'
            and not exists (select from ops.feedback where feedback.delivery_id = night_loads.delivery_id)
        union
        select night_loads.delivery_id, concat(night_loads.form, ':', verdicts.expectation) as topic
        from night_loads
        inner join ops.verdicts using (load_id)
        where verdicts.severity <> 'info' and not verdicts.is_met
        union
        select
            delivery_id,
            concat(form, ':', case when held_by is null then 'tie' else 'held ' || state_reason end) as topic
        from newest
        where state = 'held'
    )

    select delivery_id, array_agg(topic order by topic) as topics
    from topics
    where not exists (
            select from ops.feedback
            where feedback.delivery_id = topics.delivery_id and topics.topic = any(feedback.topics)
        )
        -- What is not judged yet is told of when it is.
        and not exists (
            select from newest where newest.delivery_id = topics.delivery_id and newest.state = 'loaded'
        )
    group by delivery_id
    order by delivery_id
"""

OUTCOMES = f"""
    with newest as ({NEWEST})

    select
        newest.load_id,
        newest.form,
        newest.state,
        newest.state_reason,
        newest.held_by,
        (
            select max(later.revision)
            from newest as later
            where later.reporter_code = newest.reporter_code
                and later.form = newest.form
                and later.period = newest.period
                and later.revision > newest.revision
                and (newest.state = 'refused' or later.state <> 'refused')
        ) as replaced_by
    from newest
    where newest.delivery_id = %s
"""

FOUND = """
    with found as (
        select
            loads.form,
            problems.rule,
            problems.severity,
            problems.sheet_name as sheet,
            problems.row_number as row,
            problems.field,
            problems.cell,
            problems.value,
            problems.message,
            problems.wording_id,
            problems.wording_values,
            true as is_of_contract
        from raw.problems
        inner join ops.loads using (load_id)
        where load_id = any(%(loads)s)
        union all
        (
            -- A load may have been judged in several candidates.
            select distinct on (verdicts.load_id, verdicts.expectation, cells.sheet_name, cells.row_number, cells.field)
                loads.form,
                verdicts.expectation as rule,
                verdicts.severity,
                cells.sheet_name as sheet,
                cells.row_number as row,
                cells.field,
                null as cell,
                null as value,
                coalesce(cells.message, verdicts.message) as message,
                null as wording_id,
                null::jsonb as wording_values,
                false as is_of_contract
            from ops.verdicts
            inner join ops.loads using (load_id)
            left join ops.verdict_cells as cells using (verdict_id)
            where load_id = any(%(loads)s) and not verdicts.is_met
            order by
                verdicts.load_id, verdicts.expectation, cells.sheet_name, cells.row_number, cells.field,
                verdicts.verdict_id desc
        )
    )
"""

FINDINGS = f"""
    {FOUND}

    select *
    from found
    order by
        array_position(array['critical', 'warning', 'info'], severity),
        array_position(%(forms)s::text[], form) nulls first,
        row nulls last,
        length(cell),
        cell,
        field,
        rule
    limit %(most)s
"""


@dataclass(frozen=True)
class Finding:
    """One thing to say, and where it is; without a row it is the form's, without a form the file's."""

    form: str | None
    rule: str
    severity: Severity
    message: str
    sheet: str | None = None
    row: int | None = None
    field: str | None = None
    cell: str | None = None
    value: str | None = None
    wording_id: str | None = None  # of problems; those that were read before there were any have the message alone
    wording_values: Values | None = None
    is_of_contract: bool = True  # of the form's contract, not of a gate

    @property
    def said(self) -> str:
        """What is wrong, without the place; the message as it was told before, where it cannot be said anew."""
        if self.wording_id is None:
            return self.message
        place: Place = {"sheet": self.sheet, "row": self.row, "cell": self.cell}
        try:
            return Problem(self.wording_id, self.wording_values or {}, **place, value=self.value).said
        except UnknownWording:
            return self.message


@dataclass(frozen=True)
class Outcome:
    """What became of a form, or of the whole file when it could not be read."""

    load_id: int
    form: str | None
    state: str
    state_reason: str | None
    held_by: str | None
    replaced_by: int | None  # the revision


@dataclass(frozen=True)
class Feedback:
    """All that a reporter is told of one delivery, the gravest first."""

    delivery_id: int
    sha256: str
    file_name: str
    received_at: datetime
    is_synthetic: bool
    revision: int | None
    next_revision: int | None
    period: date | None
    reporter: Reporter | None
    outcomes: list[Outcome]
    findings: list[Finding]
    totals: dict[Severity, int]  # of the findings, which may be more than are listed

    @property
    def topics(self) -> set[str]:
        """Form and rule of everything that it speaks of."""
        return {f"{finding.form or ''}:{finding.rule}" for finding in self.findings}


def untold(connection: Connection) -> dict[int, list[str]]:
    """By delivery, the topics that its reporter was not told of."""
    return {delivery_id: topics for delivery_id, topics in connection.execute(UNTOLD)}


def gather(connection: Connection, delivery_id: int, lists: CodeLists) -> Feedback | None:
    """What there is to say of a delivery now; None when nothing of it is wrong any more."""
    with connection.cursor(row_factory=class_row(Outcome)) as cursor:
        outcomes = cursor.execute(OUTCOMES, [delivery_id]).fetchall()
    findings, totals = _findings(connection, [outcome for outcome in outcomes if outcome.replaced_by is None])
    if all(finding.severity == "info" for finding in findings):
        return None
    with connection.cursor(row_factory=dict_row) as cursor:
        delivery = cursor.execute(
            """
            select
                delivery_id, sha256, file_name, received_at, is_synthetic, revision, period, reporter_code,
                (
                    select max(revision) + 1
                    from ops.deliveries as others
                    where others.reporter_code = deliveries.reporter_code and others.period = deliveries.period
                ) as next_revision
            from ops.deliveries
            where delivery_id = %s
            """,
            [delivery_id],
        ).fetchone()
    assert delivery is not None
    reporter = lists.reporters.get(delivery.pop("reporter_code") or "")
    return Feedback(**delivery, reporter=reporter, outcomes=_in_order(outcomes), findings=findings, totals=totals)


def _findings(connection: Connection, outcomes: list[Outcome]) -> tuple[list[Finding], dict[Severity, int]]:
    held = [
        Finding(outcome.form, _why(outcome), "critical", _why_held(outcome), is_of_contract=False)
        for outcome in _in_order(outcomes)
        if outcome.state == "held"
    ]
    parameters = {"loads": [outcome.load_id for outcome in outcomes], "forms": list(all_forms()), "most": MOST}
    with connection.cursor(row_factory=class_row(Finding)) as cursor:
        found = held + cursor.execute(FINDINGS, parameters).fetchall()
    counts = connection.execute(f"{FOUND} select severity, count(*) from found group by severity", parameters)
    totals: dict[Severity, int] = {severity: count for severity, count in counts}
    if held:
        totals["critical"] = totals.get("critical", 0) + len(held)
    return found, totals


def _why(outcome: Outcome) -> str:
    """What holds a form: two contents of one revision, or a person, whose reason may be another one later."""
    return "tie" if outcome.held_by is None else f"held {outcome.state_reason}"


def _why_held(outcome: Outcome) -> str:
    if outcome.held_by is None:
        return outcome.state_reason or ""
    return f"Biểu này đang được tạm giữ, chưa được tính: {outcome.state_reason}"


def _in_order(outcomes: Iterable[Outcome]) -> list[Outcome]:
    return sorted(outcomes, key=lambda outcome: [None, *all_forms()].index(outcome.form))
