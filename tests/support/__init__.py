"""What several tests share: databases, hand-made ledgers and submissions, and ways to run the tests faster."""
