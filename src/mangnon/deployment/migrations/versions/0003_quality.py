"""Quality: the severity of problems, the cells of verdicts."""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds what the feedback to reporters is made from."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_suffix(".sql").read_text())


def downgrade() -> None:
    """Refuses: what was found in the cells of submissions would be lost."""
    raise RuntimeError("0003_quality cannot be taken back: restore a backup (docs/runbooks/upgrade.md)")
