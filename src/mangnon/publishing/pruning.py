"""Pruning: loads that no kept release shows lose their rows in raw and core; and reading them again from the archive.

Kept are the newest published releases, of each month (in Viet Nam) the last one, and the candidate. A load stays while
a kept release shows it, while it waits or is held, and when it came with one of the newest releases or later: who was
refused last night still asks why. Reference data always stays: it is small, and every reading needs the lists of its
time. The ledger, the verdicts, what was computed for a release, and the archive stay for ever.

Releases that lose rows are marked first, then rows go: cut off anywhere, no release shows a part of itself, and the
next pruning continues.
"""

from collections import defaultdict
from dataclasses import dataclass

from mangnon import warehouse
from mangnon.failures import Failure
from mangnon.intake.loads import reread
from mangnon.ledger import content_hash, releases
from mangnon.warehouse import Connection, dbt
from mangnon.warehouse.sql_files import read_sql

# So many loads lose their rows in one transaction.
LOADS_AT_ONCE = 100


class NotPruned(Failure):
    """There is no such release, or it is whole."""


class ReadsOtherwise(Failure):
    """Today's code reads the archive differently than the code that published the release."""


@dataclass(frozen=True)
class Pruning:
    """The loads, rows and whole releases that a pruning removes."""

    load_ids: list[int]
    rows: int
    releases: list[int]  # those that are not whole without


def prune(keep: int, dry_run: bool = False) -> Pruning:
    """Removes the rows of the loads that no kept release shows. Raises PublishingElsewhere."""
    with warehouse.connect("pruner") as connection, warehouse.publishing_lock(connection):
        loads = connection.execute(read_sql(__package__, "doomed_loads"), {"keep": keep}).fetchall()
        load_ids = [load_id for load_id, _ in loads]
        losing = connection.execute(read_sql(__package__, "losing_releases"), {"loads": load_ids})
        releases = [row[0] for row in losing]
        if not dry_run:
            connection.execute("update ops.releases set pruned_at = now() where release_id = any(%s)", [releases])
            for start in range(0, len(load_ids), LOADS_AT_ONCE):
                remove_rows(connection, load_ids[start : start + LOADS_AT_ONCE])
        return Pruning(load_ids, sum(rows for _, rows in loads), releases)


def restore(release_id: int) -> list[int]:
    """Reads what a pruned release has lost from the archive again; the loads. Raises NotPruned, ReadsOtherwise.

    The next pruning takes it away again.
    """
    with warehouse.connect("pruner") as connection, warehouse.publishing_lock(connection):
        pruned = connection.execute("select pruned_at from ops.releases where release_id = %s", [release_id]).fetchone()
        if not pruned or not pruned[0]:
            raise NotPruned(f"release {release_id} is {'whole' if pruned else 'unknown'}: there is nothing to restore")
        load_ids = releases.pruned_loads(connection, release_id)
        restore_loads(load_ids)
        return load_ids


def restore_loads(load_ids: list[int]) -> None:
    """Reads pruned loads from the archive again, under their own numbers. Raises ReadsOtherwise.

    For those who hold the right to publish. Their releases are whole again, once all their loads are.
    """
    with warehouse.connect("pruner") as connection:
        remove_rows(connection, load_ids)  # what a restoring that was cut off has left
        for reference_load_ids, some in _by_reference(connection, load_ids).items():
            with warehouse.connect("loader") as loader:
                for load_id in some:
                    reread(loader, load_id, list(reference_load_ids))
            dbt.model_again(some, list(reference_load_ids))
        with warehouse.connect("auditor") as auditor:
            changed = content_hash.changed_contents(auditor, load_ids)
        if changed:
            remove_rows(connection, load_ids)
            raise ReadsOtherwise(
                f"loads {changed} are read differently by today's code: restore with the code of that release"
            )
        _note_restored(connection, load_ids)


def remove_rows(connection: Connection, load_ids: list[int]) -> None:
    """Takes the rows of these loads out of raw and core."""
    connection.execute("select ops.prune_loads(%s)", [load_ids])


def _by_reference(connection: Connection, load_ids: list[int]) -> dict[tuple[int, ...], list[int]]:
    loads = defaultdict(list)
    rows = connection.execute(read_sql(__package__, "reference_of_its_time"), {"loads": load_ids})
    for load_id, reference_load_ids in rows:
        loads[tuple(reference_load_ids)].append(load_id)
    return loads


def _note_restored(connection: Connection, load_ids: list[int]) -> None:
    with connection.transaction():
        connection.execute("update ops.loads set pruned_at = null where load_id = any(%s)", [load_ids])
        connection.execute(read_sql(__package__, "note_whole_releases"))
