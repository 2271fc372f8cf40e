"""The ledger: deliveries, loads, batches, verdicts, releases."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Makes the schemas ops and raw."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_suffix(".sql").read_text())


def downgrade() -> None:
    """Refuses: everything that was ever loaded would be lost."""
    raise RuntimeError("0001_ledger cannot be taken back: restore a backup (docs/runbooks/upgrade.md)")
