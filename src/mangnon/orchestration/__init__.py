"""Airflow: configures it, starts and stops it, asks it for runs, and reports lineage to it."""
