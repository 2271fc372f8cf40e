"""Deployments that are cut off keep their reason."""

from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Adds whether a deployment came to its end."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_suffix(".sql").read_text())


def downgrade() -> None:
    """Refuses: a warehouse that is half deployed would look whole."""
    raise RuntimeError("0007_cut_off_deployments cannot be taken back: restore a backup (docs/runbooks/upgrade.md)")
