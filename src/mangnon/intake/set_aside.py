"""What people decide of a delivery: it is set aside, or the next night reads it again."""

from typing import Any

from psycopg.rows import class_row, dict_row

from mangnon import warehouse
from mangnon.contract.code_lists import REFERENCE_REPORTER
from mangnon.failures import Failure
from mangnon.intake.loads import refuse as refuse_unread
from mangnon.intake.rows import Delivery
from mangnon.ledger.batches import open_night
from mangnon.reading.problems import Problem
from mangnon.warehouse import Connection


class NotDecidable(Failure):
    """There is no such delivery, or it is past this decision."""


def refuse(delivery_id: int, decided_by: str, reason: str) -> None:
    """Sets a delivery aside that was not read yet, whose loads wait to be published, or that was refused anyway.

    Its reporter reads the reason. Raises NotDecidable, PublishingElsewhere.
    """
    with warehouse.connect("loader") as connection, warehouse.publishing_lock(connection), connection.transaction():
        delivery, loads = _find(connection, delivery_id, reason)
        if counted := [load["load_id"] for load in loads if load["state"] in ("accepted", "same", "held")]:
            raise NotDecidable(
                f"delivery {delivery_id} was read and published: "
                f"`mangnon load hold {counted[0]} --reason …` stops a load of it from counting"
            )
        if waiting := [load["load_id"] for load in loads if load["state"] in ("loaded", "modelled")]:
            _refuse_if_undecided(connection)
            connection.execute("set local role auditor")  # only who judges loads may refuse one that was read
            connection.execute(
                "update ops.loads set state = 'refused', state_reason = %s where load_id = any(%s)", [reason, waiting]
            )
            connection.execute("set local role loader")
        if waiting or not loads or _waits(connection, delivery_id):
            problem = Problem("set_aside", {"file_name": delivery.file_name, "reason": reason})
            refuse_unread(connection, delivery, open_night(connection), problem)
        _note(connection, delivery_id, "refuse", decided_by, reason)


def retry(delivery_id: int, decided_by: str, reason: str) -> None:
    """Has the next night read a refused delivery again. Raises NotDecidable."""
    with warehouse.connect("loader") as connection, connection.transaction():
        _, loads = _find(connection, delivery_id, reason)
        if not loads or _waits(connection, delivery_id):
            raise NotDecidable(f"delivery {delivery_id} waits to be read already: the next night reads it")
        if any(load["state"] != "refused" for load in loads):
            raise NotDecidable(
                f"delivery {delivery_id} was read: `mangnon backfill` reads again what code or code lists changed"
            )
        _note(connection, delivery_id, "retry", decided_by, reason)


def _find(connection: Connection, delivery_id: int, reason: str) -> tuple[Delivery, list[dict[str, Any]]]:
    """Returns the delivery and its current loads, kept from others who decide. Raises NotDecidable."""
    if not reason.strip():
        raise NotDecidable("a decision needs a reason: it is kept with the delivery")
    with connection.cursor(row_factory=class_row(Delivery)) as cursor:
        delivery = cursor.execute(
            "select delivery_id, sha256, file_name, reporter_code, place from ops.deliveries where delivery_id = %s",
            [delivery_id],
        ).fetchone()
    if delivery is None:
        raise NotDecidable(f"there is no delivery {delivery_id}: `mangnon status` shows those that failed")
    if delivery.reporter_code == REFERENCE_REPORTER:
        raise NotDecidable(f"delivery {delivery_id} is reference data: deliver another list (`mangnon reference`)")
    with connection.cursor(row_factory=dict_row) as cursor:
        loads = cursor.execute(
            "select load_id, state from ops.current_readings where delivery_id = %s order by load_id", [delivery_id]
        ).fetchall()
    return delivery, loads


def _waits(connection: Connection, delivery_id: int) -> bool:
    row = connection.execute("select from ops.waiting_deliveries where delivery_id = %s", [delivery_id]).fetchone()
    return row is not None


def _refuse_if_undecided(connection: Connection) -> None:
    """Raises NotDecidable while a candidate is being decided, which may contain the loads."""
    row = connection.execute("select release_id from ops.releases where state = 'candidate'").fetchone()
    if row:
        raise NotDecidable(f"release {row[0]} is being decided: try again when it is published or refused")


def _note(connection: Connection, delivery_id: int, decision: str, decided_by: str, reason: str) -> None:
    connection.execute(
        """
        insert into ops.delivery_decisions (delivery_id, decision, decided_by, reason, last_load_id)
        select %(delivery)s, %(decision)s, %(by)s, %(reason)s, max(load_id) from ops.loads
        where delivery_id = %(delivery)s
        """,
        {"delivery": delivery_id, "decision": decision, "by": decided_by, "reason": reason.strip()},
    )
