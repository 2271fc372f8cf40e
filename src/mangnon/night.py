"""The night's collecting and loading, as the DAG and the command line call it."""

from mangnon import archive, ledger, warehouse
from mangnon import load as loading


def collect() -> list[str]:
    """Archives what is new in the inbox; the reporters whose deliveries wait to be read, reference data first."""
    with warehouse.connect("loader") as connection:
        archive.collect(connection)
        return loading.reporters_with_pending(connection)


def load(reporter: str) -> dict[str, int]:
    """Reads the reporter's waiting deliveries; how many loads were made, and how many of them refused."""
    with warehouse.connect("loader") as connection:
        loads = loading.load_pending(connection, reporter)
        return {"loads": len(loads), "refused": sum(load.state == "refused" for load in loads)}


def close() -> int | None:
    """Closes the night's batch; None when nothing was loaded."""
    with warehouse.connect("loader") as connection:
        return ledger.close_night(connection)
