"""What to tell the reporter of a delivery: what became of its forms, and everything that was found.

Problems that a night finds give a reason to tell the reporter. Problems that only a backfill finds give none, because
the reporter did nothing. The feedback itself always shows the newest reading. A held form gives a reason in any case. A
form that a higher revision has replaced is left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from psycopg.rows import class_row, dict_row

from mangnon.contract.code_lists import CodeLists, Reporter
from mangnon.contract.forms import HIGHEST_REVISION, all_forms
from mangnon.reading.problems import Place, Problem, Severity, UnknownWording, Values
from mangnon.warehouse import Connection
from mangnon.warehouse.sql_files import read_sql

# What reporters are told even if nothing is wrong, so that they see what was understood.
TOLD = ("nothing_happened",)
# Nobody corrects more findings by hand. Feedback lists so many and counts the rest.
MOST = 2000


@dataclass(frozen=True)
class Finding:
    """One thing to tell, and its place. Without a row it concerns the form, without a form the file."""

    form: str | None
    rule: str
    severity: Severity
    message: str
    sheet: str | None = None
    row: int | None = None
    field: str | None = None
    cell: str | None = None
    value: str | None = None
    wording_id: str | None = None  # the id of a problem; problems of old loads and verdicts have only a message
    wording_values: Values | None = None
    is_of_contract: bool = True  # whether the form's contract is broken, not a rule of a gate

    @property
    def said(self) -> str:
        """What is wrong, without the place, in today's wording; the stored message if there is no wording for it."""
        if self.wording_id is None:
            return self.message
        place: Place = {"sheet": self.sheet, "row": self.row, "cell": self.cell}
        try:
            return Problem(self.wording_id, self.wording_values or {}, **place, value=self.value).said
        except UnknownWording:
            return self.message


@dataclass(frozen=True)
class Outcome:
    """What became of a form, or of a whole file that could not be read."""

    load_id: int
    form: str | None
    state: str
    state_reason: str | None
    held_by: str | None
    replaced_by: int | None  # the revision
    rows: int  # how many were loaded


@dataclass(frozen=True)
class Feedback:
    """All that a reporter is told about one delivery, the gravest findings first."""

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
    totals: dict[Severity, int]  # number of all findings, including those that are not listed

    @property
    def is_receipt(self) -> bool:
        """Whether nothing is wrong: the reporter only sees what was understood."""
        return all(finding.severity == "info" for finding in self.findings)

    @property
    def topics(self) -> set[str]:
        """Form and rule of every listed finding, as `form:rule`."""
        return {f"{finding.form or ''}:{finding.rule}" for finding in self.findings}


def untold(connection: Connection) -> dict[int, list[str]]:
    """Returns delivery → the topics that its reporter has not been told."""
    return dict(connection.execute(read_sql(__package__, "untold"), {"told": list(TOLD)}).fetchall())


def gather(connection: Connection, delivery_id: int, lists: CodeLists) -> Feedback | None:
    """Returns the feedback on a delivery as of now; None if there is nothing to tell any more."""
    with connection.cursor(row_factory=class_row(Outcome)) as cursor:
        outcomes = cursor.execute(read_sql(__package__, "outcomes"), {"delivery": delivery_id}).fetchall()
    findings, totals = _findings(connection, [outcome for outcome in outcomes if outcome.replaced_by is None])
    if all(finding.severity == "info" and finding.rule not in TOLD for finding in findings):
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
    if (delivery["next_revision"] or 0) > HIGHEST_REVISION:
        delivery["next_revision"] = None  # no file may have it: the office has to hold what outbids all others
    reporter = lists.reporters.get(delivery.pop("reporter_code") or "")
    return Feedback(**delivery, reporter=reporter, outcomes=_in_order(outcomes), findings=findings, totals=totals)


def _findings(connection: Connection, outcomes: list[Outcome]) -> tuple[list[Finding], dict[Severity, int]]:
    held = [
        Finding(outcome.form, _why(outcome), "critical", _why_held(outcome), is_of_contract=False)
        for outcome in _in_order(outcomes)
        if outcome.state == "held"
    ]
    loads = [outcome.load_id for outcome in outcomes]
    parameters = {"loads": loads, "forms": list(all_forms()), "most": MOST}
    with connection.cursor(row_factory=class_row(Finding)) as cursor:
        found = held + cursor.execute(read_sql(__package__, "findings"), parameters).fetchall()
    counts = connection.execute(
        "select severity, count(*) from ops.findings where load_id = any(%s) group by severity", [loads]
    )
    totals: dict[Severity, int] = {severity: count for severity, count in counts}
    if held:
        totals["critical"] = totals.get("critical", 0) + len(held)
    return found, totals


def _why(outcome: Outcome) -> str:
    """Returns what holds a form: `tie` (two contents of one revision), or a person's reason, which may change later."""
    return "tie" if outcome.held_by is None else f"held {outcome.state_reason}"


def _why_held(outcome: Outcome) -> str:
    if outcome.held_by is None:
        return outcome.state_reason or ""
    return f"Biểu này đang được tạm giữ, chưa được tính: {outcome.state_reason}"


def _in_order(outcomes: Iterable[Outcome]) -> list[Outcome]:
    return sorted(outcomes, key=lambda outcome: [None, *all_forms()].index(outcome.form))
