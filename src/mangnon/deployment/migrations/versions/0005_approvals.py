"""Approvals: releases that gate 2 holds, and who let them pass."""

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Adds what gate 2 and those who approve write."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_suffix(".sql").read_text())


def downgrade() -> None:
    """Refuses: who let which release pass, and why, would be lost."""
    raise RuntimeError("0005_approvals cannot be taken back: restore a backup (docs/runbooks/upgrade.md)")
