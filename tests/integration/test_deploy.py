"""Deploying while dashboards read: it can be repeated, and nobody waits behind a reader who lingers."""

import threading
import time
from types import ModuleType

import psycopg

from mangnon import deploy


def test_a_reader_who_lingers_delays_the_deployment_and_no_other_reader(warehouse: ModuleType) -> None:
    with warehouse.connect() as connection:
        connection.execute("delete from ops.deployed_views where view_name = 'marts.releases'")
    lingering = psycopg.connect(warehouse.reader_url())
    lingering.execute("select * from marts.releases")
    failures: list[BaseException] = []
    deployment = threading.Thread(target=lambda: _keep(deploy.deploy, failures))
    deployment.start()
    until = time.monotonic() + 12
    with psycopg.connect(warehouse.reader_url(), autocommit=True) as reader:
        reader.execute("set statement_timeout = '5s'")  # longer than one attempt to replace the view, and no more
        while time.monotonic() < until:
            reader.execute("select * from marts.releases")
            time.sleep(0.05)
    lingering.close()
    deployment.join()
    assert failures == []
    with warehouse.connect("auditor") as connection:
        assert connection.execute("select 1 from ops.deployed_views where view_name = 'marts.releases'").fetchone()


def test_deploying_again_changes_nothing(warehouse: ModuleType) -> None:
    def deployed() -> list[tuple]:
        with warehouse.connect("auditor") as connection:
            return connection.execute("select * from ops.deployed_views order by view_name").fetchall()

    before = deployed()
    deploy.deploy()
    assert deployed() == before


def _keep(act: object, failures: list[BaseException]) -> None:
    try:
        act()  # type: ignore[operator]
    except BaseException as failure:
        failures.append(failure)
