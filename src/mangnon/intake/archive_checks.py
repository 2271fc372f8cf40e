"""Checking the archive: every file that a delivery names is read and compared with its sha256."""

from dataclasses import dataclass
from datetime import date

from psycopg.rows import class_row

from mangnon import warehouse
from mangnon.contract.code_lists import REFERENCE_REPORTER
from mangnon.intake import archive, reference
from mangnon.stores import open_store
from mangnon.warehouse import Connection


@dataclass(frozen=True)
class Archived:
    """A delivery, as its file in the archive should bear witness of it."""

    delivery_id: int
    sha256: str
    file_name: str
    reporter_code: str | None
    period: date | None


@dataclass(frozen=True)
class Fault:
    """A delivery whose file is `damaged` or `missing`."""

    delivery: Archived
    fault: str

    def __str__(self) -> str:
        delivery = self.delivery
        month = f"{delivery.period:%Y-%m}" if delivery.period else "no month"
        return (
            f"{self.fault}: delivery {delivery.delivery_id}, {delivery.file_name}, reporter "
            f"{delivery.reporter_code or 'not known'}, {month}: {archive.address(delivery.sha256)}"
        )


@dataclass(frozen=True)
class Check:
    """What a check found among so many files."""

    files: int
    faults: list[Fault]

    def __str__(self) -> str:
        if not self.faults:
            return f"All {self.files} files of the archive are there and whole."
        lines = "\n".join(map(str, self.faults))
        return f"The archive has {self.files} files; damaged or missing are:\n{lines}\nTo do: {archive.HEAL}"


def check() -> Check:
    """Reads every file of the archive that the ledger knows, and records what is damaged or missing.

    Writes the notes that are missing beside the files, as for files of earlier versions. Raises StoreFailure if the
    archive does not answer: then nothing is recorded.
    """
    with warehouse.connect("loader") as connection:
        notes = _notes(connection)
        with connection.cursor(row_factory=class_row(Archived)) as cursor:
            deliveries = cursor.execute(
                "select delivery_id, sha256, file_name, reporter_code, period from ops.deliveries order by delivery_id"
            ).fetchall()
        fault_of = {sha256: archive.fault_of(sha256) for sha256 in {delivery.sha256 for delivery in deliveries}}
        present = {entry.path for entry in open_store("archive").look().files} if deliveries else set()
        for note in notes:
            if note.path not in present and fault_of[note.sha256] is None:
                archive.write_note(note)
        faults = [Fault(delivery, fault) for delivery in deliveries if (fault := fault_of[delivery.sha256])]
        checked = Check(len(fault_of), faults)
        _record(connection, checked)
    return checked


def _notes(connection: Connection) -> list[archive.Note]:
    """Returns the note that each delivery should have."""
    rows = connection.execute(
        """
        select sha256, place, file_name, received_at
        from ops.deliveries
        where place is distinct from %s
        order by delivery_id
        """,
        [REFERENCE_REPORTER],
    )
    return [*map(lambda row: archive.Note(*row), rows), *reference.notes(connection)]


def _record(connection: Connection, checked: Check) -> None:
    damaged = len({fault.delivery.sha256 for fault in checked.faults if fault.fault == "damaged"})
    missing = len({fault.delivery.sha256 for fault in checked.faults if fault.fault == "missing"})
    with connection.transaction():
        row = connection.execute(
            "insert into ops.archive_checks (files, damaged, missing) values (%s, %s, %s) returning check_id",
            [checked.files, damaged, missing],
        ).fetchone()
        assert row is not None
        connection.cursor().executemany(
            "insert into ops.archive_faults (check_id, delivery_id, fault) values (%s, %s, %s)",
            [(row[0], fault.delivery.delivery_id, fault.fault) for fault in checked.faults],
        )
