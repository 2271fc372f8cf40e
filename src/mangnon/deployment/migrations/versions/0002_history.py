"""History: backfills, holds, rollbacks, pruning."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds what backfills, holds, rollbacks and pruning write."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_suffix(".sql").read_text())


def downgrade() -> None:
    """Refuses: what people asked for and why would be lost."""
    raise RuntimeError("0002_history cannot be taken back: restore a backup (docs/runbooks/upgrade.md)")
