"""The night's collecting and loading, as the DAG and the command line call it."""

import logging

from structlog.contextvars import bound_contextvars

from mangnon import warehouse
from mangnon.intake import inbox, places
from mangnon.intake.loads import load_pending, reporters_with_pending
from mangnon.ledger.batches import close_night, note_collected
from mangnon.stores import readable_name

logger = logging.getLogger(__name__)


def collect() -> list[str]:
    """Archives what is new in the inbox; the reporters whose deliveries wait to be read."""
    with warehouse.connect("loader") as connection:
        collected = inbox.collect(connection)
        logger.info("%s new deliveries, %s known ones again", len(collected.new), collected.known_again)
        if collected.misplaced:
            logger.warning(
                "%s files lie in no place of the inbox and were not read (%s): %s",
                len(collected.misplaced), places.named(collected.misplaced, len(collected.misplaced)),
                places.HOW_TO_MOVE,
            )  # fmt: skip
        for file in collected.skipped:
            logger.warning("not read: %s: %s", readable_name(file.path), file.reason)
        with connection.transaction():
            note_collected(connection)
        return reporters_with_pending(connection)


def load(reporter: str) -> dict[str, int]:
    """Reads the reporter's waiting deliveries; how many loads were made, and how many of them refused."""
    with warehouse.connect("loader") as connection:
        loads = load_pending(connection, reporter)
        return {"loads": len(loads), "refused": sum(load.state == "refused" for load in loads)}


def close() -> int | None:
    """Closes the night's batch; None when nothing was loaded."""
    with warehouse.connect("loader") as connection, connection.transaction():
        batch = close_night(connection)
    if batch is not None:
        with bound_contextvars(batch=batch):
            logger.info("the night's batch is closed")
    return batch
