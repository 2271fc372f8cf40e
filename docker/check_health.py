"""Whether a component is healthy, without importing Airflow, which takes seconds: check_health.py COMPONENT.

Exit code 0: it is. Everything but a worker and the metrics is asked about at Airflow's API.
"""

import json
import os
import socket
import sys
from configparser import RawConfigParser
from urllib.request import urlopen


def is_healthy(component: str) -> bool:
    """Of `worker`, `metrics`, `metadatabase`, `scheduler`, `dag_processor` or `triggerer`."""
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
