"""Approvals: a release that only warnings hold back waits for a person, as long as nothing newer was decided.

Nothing waits in a process: the question is a row of `ops.releases`, and the next night need not know of it. What was
found is what is approved: a warning that found anything else than what the person saw holds the release again.
"""

from dataclasses import dataclass, field

from psycopg.rows import class_row

from mangnon.failures import Failure
from mangnon.warehouse import Connection
from mangnon.warehouse.sql_files import read_sql


class NotApprovable(Failure):
    """The release does not wait for an approval; the message says what does."""


@dataclass(frozen=True)
class HoldingWarning:
    """A warning that keeps a release from readers."""

    rule: str
    load_id: int | None
    observed: str | None
    detail: str | None
    message: str = field(compare=False)  # Vietnamese: other words for the same are the same warning


@dataclass(frozen=True)
class Approval:
    """That a person lets a release pass, despite the warnings for which an earlier attempt was refused."""

    refused_release: int
    warnings: tuple[HoldingWarning, ...]
    approved_by: str
    reason: str


def waiting_release(connection: Connection) -> int | None:
    """The release that waits for an approval: the newest one that was decided, if only warnings refused it.

    Candidates, and those that were replaced before they were decided, are passed over: an approval that was killed
    leaves such a one behind, and can be given again.
    """
    row = connection.execute(read_sql(__package__, "waiting_release")).fetchone()
    return row[0] if row else None


def holding_warnings(connection: Connection, release_id: int) -> tuple[HoldingWarning, ...]:
    """Returns the warnings of gate 2 that keep a release from readers."""
    with connection.cursor(row_factory=class_row(HoldingWarning)) as cursor:
        return tuple(
            cursor.execute(
                """
                select expectation as rule, load_id, observed, detail, message
                from ops.verdicts
                where gate = 'release' and release_id = %s and holds_release and not is_met
                order by expectation, load_id
                """,
                [release_id],
            ).fetchall()
        )


def check(connection: Connection, release_id: int) -> None:
    """Raises NotApprovable, with what to do instead, unless the release waits for an approval."""
    release = connection.execute(
        "select state, refused_for, state_reason from ops.releases where release_id = %s", [release_id]
    ).fetchone()
    if release is None:
        raise NotApprovable(f"there is no release {release_id}: `mangnon release list` shows which there are")
    state, refused_for, reason = release
    if refused_for == "critical":
        raise NotApprovable(
            f"release {release_id} breaks critical rules, which no approval sets aside; nothing was published: {reason}"
        )
    waiting = waiting_release(connection)
    if waiting == release_id:
        return
    now = "is published already" if state == "published" else "does not wait for an approval any more"
    newest = f"release {waiting} is the one that waits now" if waiting else "no release waits now"
    raise NotApprovable(f"release {release_id} {now}: {newest}; nothing was published")


def record(connection: Connection, release_id: int, approval: Approval) -> None:
    """Notes, in the transaction that publishes a release, who let it pass, and despite what. Raises NotApprovable."""
    check(connection, approval.refused_release)
    warnings = holding_warnings(connection, release_id)  # some of the approved warnings may be gone by now
    connection.execute(
        """
        insert into ops.release_approvals (release_id, refused_release, rules, warnings, approved_by, reason)
        values (%s, %s, %s, %s, %s, %s)
        """,
        [
            release_id, approval.refused_release, [warning.rule for warning in warnings],
            [warning.message for warning in warnings], approval.approved_by, approval.reason,
        ],
    )  # fmt: skip
