"""Deployments: which code the warehouse belongs to."""

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Adds the table of deployments."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_suffix(".sql").read_text())


def downgrade() -> None:
    """Refuses: nobody would know any more which code may write."""
    raise RuntimeError("0006_deployments cannot be taken back: restore a backup (docs/runbooks/upgrade.md)")
