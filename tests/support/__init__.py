"""What several tests share: databases, hand-made ledgers and submissions, and what makes them quick to run."""
