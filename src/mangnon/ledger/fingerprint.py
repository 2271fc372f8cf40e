"""The fingerprint: a hash of what decides a load's rows.

That is the content of the contract, of the reader, and of the staging, dimension and fact models, the versions of the
libraries that parse, and the reference data. Not the git commit, and not the names of files: a mended typing error in
the documentation, or a file that moved, must not make every load stale.
"""

import hashlib
from functools import cache
from importlib.metadata import version

from psycopg import Connection

from mangnon.settings import PROJECT
from mangnon.warehouse.code_hash import PACKAGE, hash_of_contents

DECIDING = (
    (PACKAGE / "contract", ("*.yml", "forms.py", "code_lists.py")),
    (PACKAGE / "reading", ("**/*.py",)),
    (PROJECT / "dbt_project", ("models/staging/**/*.sql", "models/core/dimensions/*.sql", "models/core/facts/*.sql")),
    (PROJECT / "dbt_project" / "macros", ("contract.sql", "dimensions.sql", "facts.sql", "loads.sql", "names.sql")),
)
# The libraries that turn bytes and texts into values.
PARSERS = ("babel", "olefile", "openpyxl", "pyarrow", "python-calamine", "viparse")


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
    return hashlib.sha256((code() + "".join(row[0] for row in reference)).encode()).hexdigest()[:16]


@cache
def code() -> str:
    """What of the fingerprint is the code and its libraries."""
    libraries = " ".join(f"{name} {version(name)}" for name in PARSERS)
    return hash_of_contents(DECIDING) + libraries
