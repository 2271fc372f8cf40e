"""Wordings: what was found is an id and its values."""

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Adds ids and values of problems, and the details of verdicts."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_suffix(".sql").read_text())


def downgrade() -> None:
    """Refuses: what was told would be told again."""
    raise RuntimeError("0008_wordings cannot be taken back: restore a backup (docs/runbooks/upgrade.md)")
