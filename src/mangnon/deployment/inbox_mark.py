"""Marks the inbox as ours, so that a night can tell it from one that vanished."""

from mangnon import warehouse
from mangnon.contract.code_lists import REFERENCE_REPORTER
from mangnon.stores import StoreFailure, open_store
from mangnon.stores.mark import MARK, what_is_missing


def mark_inbox(is_sure: bool = False) -> str | None:
    """Makes and marks the inbox, if it must be ours: nothing ever arrived, or what arrived lies in it.

    With `is_sure` it is marked whatever it holds. Returns what is wrong if it was not marked; the nights say it too.
    """
    try:
        inbox = open_store("inbox")
        missing = what_is_missing(inbox)
        if missing is None:
            return None
        if is_sure or not _has_arrivals() or _holds_files():
            inbox.write(MARK, b"")
            return None
    except StoreFailure as failure:
        return str(failure)
    return missing


def _has_arrivals() -> bool:
    with warehouse.connect() as connection:
        row = connection.execute("select exists (select from ops.arrivals)").fetchone()
    return row == (True,)


def _holds_files() -> bool:
    inbox = open_store("inbox")
    if not inbox.is_there():
        return False
    # A deployment has put the code lists even where no disk is mounted.
    return any(not entry.path.startswith((".", f"{REFERENCE_REPORTER}/")) for entry in inbox.look().files)
