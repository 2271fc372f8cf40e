"""The containers of docker/ for real: built, started, a night, stopped, started again, as root on Debian.

`make test-containers`. The images that cannot be pulled are made by prepare.sh. The tests go on from one another, in
their order; each says what it measured.
"""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from pathlib import Path
from urllib.request import urlopen

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.stack import (
    DATABASES,
    LARGE,
    METADATA,
    MOVE,
    NAME,
    SENT,
    SMALL,
    SPANS,
    another_server,
    answers,
    are_read,
    bi_url,
    blocks,
    compose,
    configure,
    containers,
    deliveries,
    expected_figures,
    figures,
    kept,
    kill,
    measured,
    podman,
    published_events,
    reading_took,
    releases,
    run,
    run_block,
    send_months,
    unhealthy,
    up,
    wait_until_healthy,
    within,
)

from mangnon.orchestration import api, runs
from mangnon.sample import write_sample
from mangnon.settings import PROJECT

BACK_UP = PROJECT / "docs" / "runbooks" / "back-up-and-restore.md"


def test_the_image_says_what_it_is_and_holds_no_tools_and_no_root(image: str) -> None:
    labels = json.loads(podman("image", "inspect", image))[0]["Labels"]
    assert labels["org.opencontainers.image.version"] == "0.1.0"
    assert labels["org.opencontainers.image.revision"] == run("git", "rev-parse", "HEAD").strip()
    assert podman("run", "--rm", image, "id", "-u").strip() == "10001"
    found = podman("run", "--rm", image, "sh", "-c", "ls /opt/venv/bin; find / -xdev -writable -type d -user root || :")
    assert not {"pip", "pytest", "ruff", "initdb"} & set(found.split())
    assert "/opt" not in found
    size = int(podman("image", "inspect", "--format", "{{.Size}}", image))
    print(f"\n  the image: {size / 1e6:.0f} MB", end="")


def test_from_nothing_every_container_becomes_healthy(ports: dict[str, int]) -> None:
    up(LARGE)
    assert len(containers("worker")) == 2


def test_no_password_stands_where_anybody_can_read_it(ports: dict[str, int]) -> None:
    secrets = [within("scheduler", "cat", f"/var/lib/mangnon/secrets/{name}") for name in DATABASES]
    secrets += json.loads(within("scheduler", "cat", "/var/lib/mangnon/airflow/passwords.json")).values()
    assert all(len(secret) > 12 for secret in secrets)
    told = podman("inspect", *containers()) + "".join(podman("logs", name) for name in containers())
    assert not [secret for secret in secrets if secret in told]


def test_the_sample_in_the_inbox_becomes_the_published_figures(stack_airflow: None, tmp_path: Path) -> None:
    write_sample(tmp_path / "sample")
    podman("cp", f"{tmp_path / 'sample'}/.", f"{NAME}_scheduler_1:/var/lib/mangnon/inbox/")
    began = time.monotonic()
    runs.run_night()
    measured("the night of the sample, with two workers", began)
    print("\n" + podman("stats", "--no-stream", "--format", "    {{.Name}} {{.MemUsage}}"), end="")
    assert figures() == expected_figures()
    assert releases() == [1]
    hosts = answers("select distinct hostname from task_instance where task_id = 'load_reporter'", METADATA)
    assert len(hosts) == 2  # both workers had work


def test_the_clock_is_set(stack_airflow: None) -> None:
    dags = {dag["dag_id"]: dag for dag in api.ask("GET", "dags")["dags"]}
    assert not any(dag["is_paused"] for dag in dags.values())
    assert dags["collect_submissions"]["next_dagrun_run_after"].endswith("18:30:00Z")  # 01:30 in Viet Nam


def test_whatever_is_killed_comes_back(ports: dict[str, int]) -> None:
    for service in sorted(LARGE):
        kill(service)
    began = time.monotonic()
    wait_until_healthy(LARGE, began)
    measured("healthy again after kill -9 of every container", began)


def test_a_night_survives_a_worker_the_broker_and_the_scheduler(stack_airflow: None, tmp_path: Path) -> None:
    send_months(tmp_path / "sent", *SPANS[0])
    began = time.monotonic()
    with ThreadPoolExecutor() as threads:
        night = threads.submit(runs.run_night)
        for victim, reporters in (("worker", 2), ("broker", 6), ("scheduler", 10)):
            api.wait(partial(are_read, *SPANS[0], 13 * reporters), 600, f"{reporters} reporters to be read")
            assert not night.done(), "the night was over before anything was killed"
            kill(victim)
        night.result()
    measured(f"a night of {SENT} workbooks in which a worker, the broker and the scheduler are killed", began)
    wait_until_healthy(LARGE, time.monotonic())
    assert releases() == [1, 2]
    assert published_events(*SPANS[0]) == (SENT, SENT)
    assert answers("select count(distinct delivery_id), count(*) from ops.loads where period > '2020-12-31'") == [
        f"{SENT} {SENT}"
    ]
    assert figures() == expected_figures()


@pytest.mark.parametrize(("workers", "span"), zip((1, 2, 4), SPANS[1:], strict=True))
def test_with_so_many_workers(
    stack_airflow: None, ports: dict[str, int], tmp_path: Path, workers: int, span: tuple[date, date]
) -> None:
    configure(ports | {"WORKERS": workers})
    compose("up", "--detach", "--no-recreate")
    for surplus in sorted(containers("worker"))[workers:]:  # podman-compose starts more, but stops none
        podman("rm", "--force", surplus)
    api.wait(lambda: len(containers("worker")) == workers and not unhealthy(LARGE), 300, "the workers")
    send_months(tmp_path / "sent", *span)
    began = time.monotonic()
    runs.run_night()
    measured(f"a night of {SENT} workbooks with {workers} workers", began)
    print(reading_took(time.monotonic() - began), end="")
    assert published_events(*span) == (SENT, SENT)


def test_prometheus_gets_its_metrics_and_the_doctor_finds_nothing_to_do(ports: dict[str, int]) -> None:
    with urlopen(f"http://127.0.0.1:{ports['METRICS_PORT']}/metrics") as answer:
        families = {family.name for family in text_string_to_metric_families(answer.read().decode())}
    assert {"mangnon_deliveries", "mangnon_release_age_seconds"} <= families
    assert "to do" not in within("api-server", "mangnon", "doctor")


def test_bi_sees_the_marts_and_nothing_else(ports: dict[str, int]) -> None:
    with psycopg.connect(bi_url()) as reader:
        assert (reader.info.host, reader.info.port) == ("127.0.0.1", ports["WAREHOUSE_PORT"])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("select * from ops.loads")


def test_after_down_and_up_everything_is_still_there(stack_airflow: None, ports: dict[str, int]) -> None:
    before, shown = kept(), releases()
    compose("down")
    assert not containers()
    up(LARGE)
    assert kept() == before
    assert figures() == expected_figures()
    runs.run_night()  # finds nothing new
    assert releases() == shown


def test_a_backup_is_restored_into_new_volumes(ports: dict[str, int], tmp_path: Path) -> None:
    back_up, restore = blocks(BACK_UP)
    before = deliveries(), releases(), within("scheduler", "sh", "-c", "cat bi_reader.password")
    began = time.monotonic()
    run_block(back_up, BACKUP=tmp_path)
    measured("backed up", began)
    compose("down", "--volumes")
    assert not podman("volume", "ls", "--quiet")
    began = time.monotonic()
    run_block(restore, BACKUP=tmp_path)
    wait_until_healthy(LARGE, began)
    measured("restored into new volumes, and healthy", began)
    assert before == (deliveries(), releases(), within("scheduler", "sh", "-c", "cat bi_reader.password"))
    assert figures() == expected_figures()
    said = within("api-server", "sh", "-c", "mangnon doctor || true")
    assert "the file of delivery" not in said
    assert "has no file .mangnon-inbox" not in said


def test_the_small_profile_takes_it_over(stack_airflow: None, ports: dict[str, int], tmp_path: Path) -> None:
    before = kept()
    compose("down")
    up(SMALL, small=True)
    assert kept() == before
    # A file of which only the name is new is no new delivery; one that nobody can read is, and is refused.
    (tmp_path / "unreadable.xlsx").write_text("no workbook")
    within("scheduler", "mkdir", "-p", "inbox/193")  # the backup holds no inbox
    podman("cp", tmp_path / "unreadable.xlsx", f"{NAME}_scheduler_1:/var/lib/mangnon/inbox/193/")
    began = time.monotonic()
    runs.run_night()
    measured("a night with one file, small", began)
    print("\n" + podman("stats", "--no-stream", "--format", "    {{.Name}} {{.MemUsage}}"), end="")
    assert answers("select count(*) from ops.deliveries where file_name = 'unreadable.xlsx'") == ["1"]
    assert figures() == expected_figures()


def test_the_warehouse_moves_to_a_server_of_its_own(stack_airflow: None, ports: dict[str, int], tmp_path: Path) -> None:
    compose("down")
    up(LARGE)
    before = kept()
    address = another_server(tmp_path)
    began = time.monotonic()
    run_block(blocks(MOVE)[-1], NEW=f"postgresql://mangnon:secret@{address}/warehouse", DUMP=tmp_path / "dump")
    wait_until_healthy(LARGE - {"warehouse"}, began)
    measured("moved to another server, and healthy", began)
    assert not containers("_warehouse_")
    assert kept() == before
    assert f"@{address}/" in bi_url()
    assert figures() == expected_figures()
    (tmp_path / "unreadable.xlsx").write_text("no workbook either")
    podman("cp", tmp_path / "unreadable.xlsx", f"{NAME}_scheduler_1:/var/lib/mangnon/inbox/193/again.xlsx")
    runs.run_night()
    assert answers("select count(*) from ops.deliveries where file_name = 'again.xlsx'") == ["1"]
