"""The server is killed, stopped and started again: what was published is not lost, and readers go on."""

import itertools
import os
import signal
import threading
import time
from types import ModuleType

import psutil
import psycopg
import pytest
from support.processes import postmaster, wait_for
from support.rounds import READ, assert_ledger_is_right, deliver_night, publish_what_waits, seen, whole_number

from mangnon.warehouse import server


@pytest.mark.usefixtures("without_dbt")
def test_server_stopped_and_restarted_under_load(own_warehouse: ModuleType) -> None:
    deliver_night(1)
    publish_what_waits()
    acknowledged, stop, errors, reads = [1], threading.Event(), [], []

    def read() -> None:
        while not stop.is_set():
            try:
                with psycopg.connect(own_warehouse.reader_url(), autocommit=True) as reader:
                    while not stop.is_set():
                        known = acknowledged[-1]
                        number = whole_number(reader.execute(READ).fetchall())
                        assert number >= known, f"readers went back from {known} to {number}"
                        reads.append(number)
            except psycopg.OperationalError:
                time.sleep(0.05)  # the server is down: a BI tool tries again, too
            except Exception as error:
                errors.append(error)
                return

    def publish_until_broken(first: int) -> None:
        try:
            for number in itertools.count(first):
                deliver_night(number)
                publish_what_waits()
                acknowledged.append(number)
        except psycopg.OperationalError:
            pass
        except Exception as error:
            errors.append(error)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for how in (signal.SIGKILL, signal.SIGQUIT, signal.SIGINT):  # killed, stopped at once, stopped in order
        done = len(acknowledged)
        publisher = threading.Thread(target=publish_until_broken, args=(acknowledged[-1] + 2,))
        publisher.start()
        wait_for(lambda done=done: len(acknowledged) > done + 2 or errors, seconds=60)
        stopped = psutil.Process(postmaster())
        os.kill(stopped.pid, how)
        publisher.join()
        # A server that is about to stop may still answer.
        wait_for(lambda stopped=stopped: not stopped.is_running() or stopped.status() == psutil.STATUS_ZOMBIE, 60)
        server.start()
        assert seen(own_warehouse) >= acknowledged[-1], "what was published was lost"
        publish_what_waits()
        assert_ledger_is_right(own_warehouse)
        read_before = len(reads)
        wait_for(lambda read_before=read_before: len(reads) > read_before + 20 or errors, seconds=60)
    stop.set()
    for reader in readers:
        reader.join()
    print(f"\n{len(reads)} reads, {len(acknowledged)} releases, 3 restarts")
    assert errors == []
