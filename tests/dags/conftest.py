"""Airflow writes its configuration where AIRFLOW_HOME says, as soon as it is imported."""

import os
from pathlib import Path

os.environ["AIRFLOW_HOME"] = str(Path(os.environ["MANGNON_HOME"]) / "parsing")
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
