"""What each release changed: noted when it is published, from what was computed for it and for the one before.

The notes stay when the releases are pruned. The first release changed nothing: there is nothing to compare it with.
"""

from mangnon.ledger.releases import published_before
from mangnon.warehouse import Connection
from mangnon.warehouse.sql_files import read_sql

FIGURES = (
    "year", "figure", "figure_sort_order", "figure_label", "unit", "old_value", "new_value", "old_qualifier",
    "new_qualifier", "old_complete_reporters", "new_complete_reporters", "old_expected_reporters",
    "new_expected_reporters", "changed_loads", "reporters", "reasons",
)  # fmt: skip


def note(connection: Connection, release_id: int) -> None:
    """Notes which figures and loads a published release shows differently from the release before it."""
    if (before := published_before(connection, release_id)) is None:
        return
    releases = {"old": before, "new": release_id}
    names = ", ".join(FIGURES)
    connection.execute("update ops.releases set replaces = %(old)s where release_id = %(new)s", releases)
    connection.execute(
        f"""
        insert into ops.release_changes (release_id, {names})
        select %(new)s, {names} from ({read_sql(__package__, "changed_figures")}) as changed
        """,
        releases,
    )
    connection.execute(
        """
        insert into ops.release_change_loads (
            release_id, reporter_code, form, period, old_load_id, new_load_id, reason
        )
        select %(new)s, reporter_code, form, period, old_load, new_load, reason
        from ops.changed_loads(%(old)s, %(new)s)
        """,
        releases,
    )


def note_missing(connection: Connection) -> None:
    """Notes the changes of the releases that an earlier version published."""
    missing = connection.execute(
        """
        select release_id
        from ops.releases
        where state = 'published'
            and replaces is null
            and release_id > (select min(release_id) from ops.releases where state = 'published')
        order by release_id
        """
    ).fetchall()
    for (release_id,) in missing:
        note(connection, release_id)
