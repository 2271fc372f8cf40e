"""Whether a component is healthy, without importing Airflow, which takes seconds: check_health.py COMPONENT.

Exit code 0: it is. Everything but a worker is asked about at Airflow's API.
"""

import json
import os
import socket
import sys
from configparser import RawConfigParser
from urllib.request import urlopen


def is_healthy(component: str) -> bool:
    """Of `worker`, `metadatabase`, `scheduler`, `dag_processor` or `triggerer`."""
    return _worker_answers() if component == "worker" else _airflow_says(component)


def _airflow_says(component: str) -> bool:
    with urlopen(f"{os.environ['MANGNON_AIRFLOW_URL']}/api/v2/monitor/health", timeout=10) as answer:
        return json.load(answer)[component]["status"] == "healthy"


def _worker_answers() -> bool:
    from celery import Celery

    config = RawConfigParser()
    config.read(os.environ["AIRFLOW_CONFIG"])
    celery = Celery(broker=config["celery"]["broker_url"])
    return bool(celery.control.ping(destination=[f"celery@{socket.gethostname()}"], timeout=5))


if __name__ == "__main__":
    sys.exit(not is_healthy(sys.argv[1]))
