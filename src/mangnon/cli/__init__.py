"""The command line: one module per subject, and the helpers that only commands use."""

# An installed older version starts here, also when it checks this one before an upgrade (docs/runbooks/upgrade.md).
from mangnon.cli.main import main as main
