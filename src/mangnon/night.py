"""The night's collecting and loading, as the DAG and the command line call it."""

import logging

from structlog.contextvars import bound_contextvars

from mangnon import archive, ledger, warehouse
from mangnon import load as loading

logger = logging.getLogger(__name__)


def collect() -> list[str]:
    """Archives what is new in the inbox; the reporters whose deliveries wait to be read, reference data first."""
    with warehouse.connect("loader") as connection:
        collected = archive.collect(connection)
        logger.info("%s new deliveries, %s known ones again", len(collected.new), collected.known_again)
        ledger.note_collected(connection)
        return loading.reporters_with_pending(connection)


def load(reporter: str) -> dict[str, int]:
    """Reads the reporter's waiting deliveries; how many loads were made, and how many of them refused."""
    with warehouse.connect("loader") as connection:
        loads = loading.load_pending(connection, reporter)
        return {"loads": len(loads), "refused": sum(load.state == "refused" for load in loads)}


def close() -> int | None:
    """Closes the night's batch; None when nothing was loaded."""
    with warehouse.connect("loader") as connection:
        batch = ledger.close_night(connection)
    if batch is not None:
        with bound_contextvars(batch=batch):
            logger.info("the night's batch is closed")
    return batch
