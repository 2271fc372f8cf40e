"""Airflow: asked, started and ended, told what to do and what to report."""
