"""Checks whether a component is healthy: check_health.py COMPONENT. Exit code 0: it is.

Workers and metrics are asked directly; Airflow's API answers for every other component. The script does not import
Airflow, which would take seconds at each check.
"""

import json
import os
import socket
import sys
from configparser import RawConfigParser
from urllib.request import urlopen


def is_healthy(component: str) -> bool:
    """Returns whether `worker`, `metrics`, `metadatabase`, `scheduler`, `dag_processor` or `triggerer` is healthy.

    Raises OSError when nothing answers.
    """
    if component == "worker":
        return _worker_answers()
    return _metrics_answer() if component == "metrics" else _airflow_says(component)


def _airflow_says(component: str) -> bool:
    with urlopen(f"{os.environ['MANGNON_AIRFLOW_URL']}/api/v2/monitor/health", timeout=10) as answer:
        return json.load(answer)[component]["status"] == "healthy"


def _metrics_answer() -> bool:
    with urlopen("http://127.0.0.1:9108/metrics", timeout=10) as answer:
        return answer.status == 200


def _worker_answers() -> bool:
    from celery import Celery

    config = RawConfigParser()
    config.read(os.environ["AIRFLOW_CONFIG"])
    celery = Celery(broker=config["celery"]["broker_url"])
    return bool(celery.control.ping(destination=[f"celery@{socket.gethostname()}"], timeout=5))


if __name__ == "__main__":
    sys.exit(not is_healthy(sys.argv[1]))
