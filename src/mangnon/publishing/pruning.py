"""Pruning: what only releases show that are not kept goes, and comes back from the archive.

Kept are the newest published releases, of each month (in Viet Nam) the last one, and the candidate. All others lose the
tables that were computed for them, with a copy in the archive; refused ones without, since no reader ever saw them.

A load loses its rows in raw and core unless a kept release shows it, it waits or is held, or it came with one of the
newest releases or later: who was refused last night still asks why. Reference data always stays: it is small, and every
reading needs the lists of its time. The ledger, verdicts, annual reports, changes and the archive stay for ever.

Releases are marked first, then rows go: cut off anywhere, no release shows a part of itself, and the next pruning
continues.
"""

from collections import defaultdict
from dataclasses import dataclass

from mangnon import warehouse
from mangnon.failures import Failure
from mangnon.intake.loads import reread
from mangnon.ledger import content_hash, releases
from mangnon.publishing import copies
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
    """The loads and rows that a pruning removes, and the releases whose computed tables it removes."""

    load_ids: list[int]
    rows: int
    releases: list[int]  # published ones that were whole
    others: list[int]  # refused ones, and those that an earlier version pruned


def prune(keep: int, dry_run: bool = False) -> Pruning:
    """Removes what no kept release shows. Raises PublishingElsewhere, StoreFailure."""
    with warehouse.connect("pruner") as connection, warehouse.publishing_lock(connection):
        loads = connection.execute(read_sql(__package__, "doomed_loads"), {"keep": keep}).fetchall()
        load_ids = [load_id for load_id, _ in loads]
        doomed = connection.execute(read_sql(__package__, "doomed_releases"), {"keep": keep}).fetchall()
        if not dry_run:
            for release_id, is_published, _ in doomed:
                _remove_computed(connection, release_id, copies.keep(release_id) if is_published else None)
            for start in range(0, len(load_ids), LOADS_AT_ONCE):
                remove_rows(connection, load_ids[start : start + LOADS_AT_ONCE])
        seen = [release_id for release_id, is_published, is_whole in doomed if is_published and is_whole]
        others = [release_id for release_id, *_ in doomed if release_id not in seen]
        return Pruning(load_ids, sum(rows for _, rows in loads), seen, others)


def restore(release_id: int) -> list[int]:
    """Brings back what a pruned release has lost; the loads that were read again. The next pruning takes it away again.

    Raises NotPruned, ReadsOtherwise, and NotArchived, Damaged or StoreFailure if the archive does not have it.
    """
    with warehouse.connect("pruner") as connection, warehouse.publishing_lock(connection):
        release = connection.execute(
            "select state, pruned_at, copy_sha256 from ops.releases where release_id = %s", [release_id]
        ).fetchone()
        state, pruned_at, copy_sha256 = release or ("unknown", None, None)
        if state != "published" or not pruned_at:
            state = "whole" if state == "published" else state
            raise NotPruned(f"release {release_id} is {state}: there is nothing to restore")
        load_ids = releases.pruned_loads(connection, release_id)
        restore_loads(load_ids)
        if copy_sha256:
            with warehouse.connect("transformer") as transformer, transformer.transaction():
                copies.bring_back(transformer, release_id, copy_sha256)
        with connection.transaction():
            connection.execute("update ops.releases set copy_sha256 = null where release_id = %s", [release_id])
            connection.execute(read_sql(__package__, "note_whole_releases"))
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


def _remove_computed(connection: Connection, release_id: int, copy_sha256: str | None) -> None:
    """Takes the computed tables of a release out of the core, in one transaction with the mark that says so."""
    with connection.transaction():
        connection.execute(
            "update ops.releases set pruned_at = coalesce(pruned_at, now()), copy_sha256 = %s where release_id = %s",
            [copy_sha256, release_id],
        )
        connection.execute("select ops.prune_release(%s)", [release_id])


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
