"""The mark of the inbox: an empty file at its root. A disk that is not mounted there does not have it."""

from mangnon.stores.store import Store

MARK = ".mangnon-inbox"


def what_is_missing(inbox: Store) -> str | None:
    """Returns why this cannot be taken for the inbox, and what to do; None if it is the inbox. Raises StoreFailure."""
    if not inbox.is_there():
        return (
            f"the inbox {inbox.name} is not there: mount it, or correct MANGNON_INBOX; if it shall be a new one, run "
            "`mangnon deploy --mark-inbox`"
        )
    if not inbox.exists(MARK):
        return (
            f"the inbox {inbox.name} has no file {MARK}, so it may be the wrong folder, or one where a disk is not "
            "mounted: mount it, or correct MANGNON_INBOX; if it is the right one, run `mangnon deploy --mark-inbox`"
        )
    return None
