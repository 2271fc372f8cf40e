"""Feedback: what reporters were told."""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Adds the table of what reporters were told."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_suffix(".sql").read_text())


def downgrade() -> None:
    """Refuses: everybody would be told everything again."""
    raise RuntimeError("0004_feedback cannot be taken back: restore a backup (docs/runbooks/upgrade.md)")
