"""Publishing: from closed batches to what BI sees, in phases that the DAG and the command line call one by one.

waiting_batches → model → judge_loads → build_candidate → judge_release → publish. Each phase can be repeated: after a
kill at any point the next run, with the same or with more batches, completes the work. A phase holds the advisory lock
while it works; between two phases the open candidate is the mark, and whoever comes next replaces it and takes its
batches along.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from structlog.contextvars import bound_contextvars

from mangnon import warehouse
from mangnon.failures import Failure
from mangnon.ledger import approvals, candidates, content_hash, releases
from mangnon.ledger.approvals import Approval
from mangnon.ledger.batches import closed_batches, tables_to_model
from mangnon.ledger.code_lists import counting_reference_loads
from mangnon.ledger.fingerprint import fingerprint
from mangnon.publishing import gates, lists, pruning, verdicts
from mangnon.publishing.verdicts import Judgement
from mangnon.warehouse import dbt

logger = logging.getLogger(__name__)
progress = logging.getLogger("mangnon.progress")


class ReleaseRefused(Failure):
    """Gate 2 did not let the release pass; the last one stays. The message says what to do."""


def waiting_batches() -> list[int]:
    """The closed batches that wait to be published."""
    with warehouse.connect("publisher") as connection:
        return closed_batches(connection)


def model(batches: list[int]) -> None:
    """Appends the rows of the batches' loads to the core. Raises TransformError.

    A delivery of lists that was cut off is completed before, so that what dbt wrote of it is whole.
    """
    with _publishing(batches=batches) as connection:
        lists.judge_waiting()
        dbt.model(batches, tables_to_model(connection, batches), counting_reference_loads(connection))
        with connection.transaction():
            content_hash.note_modelled(connection, batches)
        logger.info("the rows of the batches are in the core")


def judge_loads(batches: list[int]) -> list[int]:
    """Gate 1; the ids of the loads that it refused. Raises GateError.

    Judging again replaces the verdicts, and takes in what the gate had refused.
    """
    with _publishing(batches=batches), warehouse.connect("auditor") as auditor:
        judgement = gates.judge_loads(auditor, batches)
        with auditor.transaction():
            return verdicts.write_of_loads(auditor, judgement)


def build_candidate(batches: list[int]) -> int | None:
    """The candidate release with its computed tables; None when nothing would change."""
    with _publishing(batches=batches) as connection:
        with connection.transaction():
            release_id = candidates.build_candidate(connection, batches, fingerprint(connection))
        if release_id is not None:
            _compute(connection, release_id)
        return release_id


def judge_candidate(release_id: int) -> tuple[Judgement, list[int]]:
    """Gate 2 by itself: what it says of a candidate, and the loads that it refused. Raises GateError.

    For those who hold the right to publish. Judging again replaces the verdicts.
    """
    with warehouse.connect("auditor", release_id) as auditor:
        judgement = gates.judge_release(auditor, release_id)
        with auditor.transaction():
            return judgement, verdicts.write_of_release(auditor, release_id, judgement)


def judge_release(release_id: int, approval: Approval | None = None) -> int:
    """Gate 2: the release that may be published. Raises ReleaseRefused, CandidateGone.

    Loads that can be blamed are refused, and the candidate is built once more without them; only what cannot be
    attributed refuses the release. So do warnings that hold it, until a person approves exactly these.
    """
    with _publishing(release=release_id) as connection:
        candidates.check_candidate(connection, release_id)  # what was said of a decided one must stay
        judgement, refused_loads = judge_candidate(release_id)
        if refused_loads:
            batches = _batches(connection, release_id)
            with connection.transaction():
                rebuilt = candidates.build_candidate(connection, batches, fingerprint(connection))
            if rebuilt is None:
                raise ReleaseRefused("gate 2 refused every load that was new: `mangnon status` says why")
            release_id = rebuilt
            _compute(connection, release_id)
            judgement, _ = judge_candidate(release_id)
        if judgement.worst == "critical":
            with connection.transaction():
                candidates.refuse(connection, release_id, "critical", "; ".join(judgement.reasons))
            raise ReleaseRefused(
                f"gate 2 refused release {release_id}; the last one stays, and `mangnon status` says why"
            )
        _hold_unless_approved(connection, release_id, approval)
        return release_id


def publish(release_id: int, approval: Approval | None = None) -> None:
    """Makes the release what readers see: one row changes. Raises CandidateGone, NotApprovable."""
    with _publishing(release=release_id) as connection:
        with connection.transaction():
            candidates.publish(connection, release_id, approval)
        logger.info("the release is what readers see")


def publish_all(approval: Approval | None = None) -> int | None:
    """All phases in turn; the published release, or None when nothing changed. Raises ReleaseRefused."""
    batches = waiting_batches()
    if not batches and not _decided_by_persons():
        progress.info("Nothing waits to be published.")
        return None
    if batches:
        progress.info(f"Modelling {_counted(batches)} …")
        model(batches)
        refused = judge_loads(batches)
        progress.info(f"Gate 1 refused {len(refused)} loads.")
    candidate = build_candidate(batches)
    if candidate is None:
        progress.info("Nothing changed: no new release.")
        return None
    progress.info(f"Gate 2 looks at release {candidate} …")
    release_id = judge_release(candidate, approval)
    publish(release_id, approval)
    progress.info(f"Release {release_id} is published.")
    return release_id


@contextmanager
def _publishing(**ids: object) -> Iterator[warehouse.Connection]:
    """A connection that holds the right to publish; what is logged meanwhile carries these ids."""
    with (
        bound_contextvars(**ids),
        warehouse.connect("publisher") as connection,
        warehouse.publishing_lock(connection),
    ):
        yield connection


def _hold_unless_approved(connection: warehouse.Connection, release_id: int, approval: Approval | None) -> None:
    warnings = approvals.holding_warnings(connection, release_id)
    surprising = [warning.message for warning in warnings if not approval or warning not in approval.warnings]
    if not surprising:
        return
    with connection.transaction():
        candidates.refuse(connection, release_id, "warnings", " ".join(warning.message for warning in warnings))
    raise ReleaseRefused(
        f"release {release_id} waits for an approval; until then the last one stays. "
        f"{'It was not approved despite' if approval else 'Gate 2 warns'}: {' '.join(surprising)} "
        f"To publish it all the same: the question in Airflow, or `mangnon release approve {release_id} --reason …`"
    )


def _compute(connection: warehouse.Connection, release_id: int) -> None:
    # A pruned load counts again when what replaced it is held: its rows have to be there before anybody sees it.
    if pruned := releases.pruned_loads(connection, release_id):
        pruning.restore_loads(pruned)
    dbt.build_release_tables(release_id)
    with bound_contextvars(release=release_id):
        logger.info("the release is a candidate, its tables are computed")


def _decided_by_persons() -> bool:
    with warehouse.connect("publisher") as connection:
        return candidates.decided_by_persons(connection)


def _batches(connection: warehouse.Connection, release_id: int) -> list[int]:
    rows = connection.execute("select batch_id from ops.release_batches where release_id = %s", [release_id]).fetchall()
    return [row[0] for row in rows]


def _counted(batches: list[int]) -> str:
    return f"{len(batches)} batch{'es' if len(batches) > 1 else ''}"
