"""The fingerprint: a hash of what decides a load's rows.

Forms, reader, staging and core SQL, and reference data; not the git commit, or a mended typing error in the
documentation would make every load stale.
"""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from psycopg import Connection

from mangnon.settings import PROJECT

PACKAGE = Path(__file__).parent
READING = (
    "forms/*.yml", "forms/__init__.py", "sources/*.py", "vocabulary.py", "cells.py", "values.py", "columns.py",
    "rows.py", "tally.py", "reader.py", "codes.py",
)  # fmt: skip
DECIDING = (
    (PACKAGE, READING),
    (PROJECT / "dbt_project", ("models/staging/**/*.sql", "models/core/**/*.sql", "macros/*.sql")),
)


def fingerprint(connection: Connection) -> str:
    """The fingerprint of a reading made now: 16 hexadecimal digits."""
    reference = connection.execute(
        """
        select deliveries.sha256
        from ops.counting_reference_loads
        inner join ops.loads using (load_id)
        inner join ops.deliveries using (delivery_id)
        order by 1
        """
    ).fetchall()
    return hashlib.sha256((_code() + "".join(row[0] for row in reference)).encode()).hexdigest()[:16]


def hash_of_files(places: Iterable[tuple[Path, tuple[str, ...]]]) -> str:
    """A hash of the files that match these patterns in these folders, and of their names."""
    digest = hashlib.sha256()
    for folder, patterns in places:
        for path in sorted(path for pattern in patterns for path in folder.glob(pattern)):
            digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


@cache
def _code() -> str:
    return hash_of_files(DECIDING)
