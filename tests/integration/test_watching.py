"""Watching: what is overdue is named to operator, office and Prometheus alike; whatever breaks, the doctor says so."""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from urllib.request import urlopen

import psutil
import pytest
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families
from support import databases
from test_night import event, send, sessions
from test_tell import configure, free_port, mail_server  # noqa: F401 (a fixture)

from mangnon.cli.main import cli
from mangnon.deployment import deploy
from mangnon.intake import steps
from mangnon.ledger.batches import open_night
from mangnon.publishing import phases
from mangnon.publishing.phases import ReleaseRefused
from mangnon.watching import deadline, doctor, metrics, vitals

LATER = datetime.now(UTC) + timedelta(days=2)


def found(subject: str, now: datetime | None = None) -> list[str]:
    """What is to be done about a subject, as the command says it."""
    return [
        f"{line.what}. {line.do}" for line in doctor.examine(now) if (line.subject, line.state) == (subject, "to do")
    ]


def measured() -> dict[str, float]:
    """The metrics by name and labels, as Prometheus reads them."""
    return {
        sample.name.removeprefix("mangnon_") + "".join(f" {value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(metrics.text())
        for sample in family.samples
    }


def overdue(warehouse: ModuleType) -> list[str]:
    """What is overdue in two days, but that no night came meanwhile."""
    with warehouse.observe("auditor") as connection:
        misses = deadline.misses(vitals.read(connection), LATER)
    letter = deadline.letter(LATER)
    assert letter is not None
    assert all(miss.what_vi in letter and miss.do_vi in letter for miss in misses)
    assert found("night", LATER) == [f"{miss.what}. {miss.do}" for miss in misses]
    assert "no night looked through the inbox" in misses[0].what
    return [miss.what for miss in misses[1:]]


def test_what_is_overdue_is_named_step_by_step(published: ModuleType, tmp_path: Path) -> None:
    with published.connect() as connection:
        connection.execute("update ops.deployed_views set deployed_at = deployed_at - interval '1 year'")
    assert deadline.letter() is None, "the release is of this night"
    assert overdue(published) == []
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    # So many more that gate 2 asks a person.
    more = (sessions(published, "193") or 0) + 50
    send(inbox, "193", {"events": [event("193", more)]}, 2, "thiếu sổ theo dõi")

    steps.collect()
    (unread,) = overdue(published)
    assert unread.startswith("1 deliveries were not read, the oldest since ")
    assert measured()["deliveries_unread"] == 1

    steps.load("193")
    (opened,) = overdue(published)
    assert "was opened on" in opened
    assert "never closed" in opened
    (silent,) = found("batch", LATER)
    assert "is open, but nothing was loaded into it since" in silent
    assert found("batch") == [], "a night may well be at work"
    with published.connect() as connection:  # a backfill of which a month failed, and which nobody mended yet
        connection.execute(
            """
            insert into ops.batches (batch_id, kind) overriding system value values (0, 'backfill');
            update ops.loads set batch_id = 0
            where load_id = (select max(load_id) from ops.loads where state = 'accepted');
            """
        )
    assert overdue(published) == [opened]

    batch = steps.close()
    assert batch is not None
    (waits,) = overdue(published)
    assert waits.endswith("publish_marts failed, or did not end yet")
    assert measured()["batches_waiting"] == 1

    phases.model([batch])
    phases.judge_loads([batch])
    candidate = phases.build_candidate([batch])
    (stopped,) = overdue(published)
    assert stopped.endswith(f"publishing stopped at candidate {candidate}")
    assert found("candidate") == [], "it may well be judged at this moment"
    (left,) = found("candidate", LATER)
    assert left.endswith(
        "and nobody works on it. start publish_marts again, or `mangnon publish`: it takes the batches along"
    )
    with published.connect("publisher") as connection, published.publishing_lock(connection):
        assert found("candidate", LATER) == []
    assert measured()["candidate_open"] == 1

    with pytest.raises(ReleaseRefused):
        phases.judge_release(candidate)
    (asks,) = overdue(published)
    assert asks.endswith(f"release {candidate} waits for an approval")
    assert found("approval") == [
        f"release {candidate} waits for a person. "
        f"answer the question in Airflow, or `mangnon release approve {candidate} --reason …`"
    ]
    seen = measured()
    assert (seen["approval_waiting"], seen["release"]) == (1, 1)
    assert seen["unmet_verdicts release warning"] > 0
    assert 0 < seen["night_seconds"] < seen["release_age_seconds"] + 600

    with published.connect() as connection:
        connection.execute("update ops.releases set refused_for = 'critical' where state = 'refused'")
    (refused,) = overdue(published)
    assert refused.endswith(f"gate 2 refused release {candidate}")


def test_a_quiet_night_is_no_missed_one(published: ModuleType, tmp_path: Path) -> None:
    with published.connect() as connection:
        connection.execute("update ops.deployed_views set deployed_at = deployed_at - interval '1 year'")
        connection.execute("update ops.batches set opened_at = '2020-01-01', closed_at = '2020-01-01'")
    assert "chưa được công bố đầy đủ. Người xem vẫn thấy bản số 1" in (deadline.letter() or "")
    assert measured()["deadline_missed"] == 1
    for _ in range(2):
        assert steps.collect() == []
        assert steps.close() is None
    assert deadline.letter() is None
    assert measured()["deadline_missed"] == 0
    assert measured()["night_age_seconds"] < 60
    # While somebody loads into the batch, it is not the one of another night.
    with published.connect("loader") as loading:
        open_night(loading)
        steps.collect()


def test_a_warehouse_that_was_just_installed_owes_no_night(warehouse: ModuleType) -> None:
    assert deadline.letter() is None
    assert "no night looked through the inbox" in found("night", LATER)[0]
    assert "there never was one" in found("night", LATER)[0]


@pytest.mark.parametrize(
    ("now", "due"),
    [("2026-11-24 05:59", "2026-11-23"), ("2026-11-24 06:00", "2026-11-24"), ("2026-11-25 00:30", "2026-11-24")],
)
def test_the_deadline_is_six_in_viet_nam(now: str, due: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=deadline.TIMEZONE).astimezone(UTC)
    assert f"{deadline.last_deadline(moment):%Y-%m-%d %H:%M %z}" == f"{due} 06:00 +0700"


def test_the_office_is_told_by_mail(warehouse: ModuleType, configure: Callable[..., None]) -> None:  # noqa: F811
    text = deadline.letter(LATER)
    assert text is not None
    assert deadline.tell_office(text, LATER) is False, "mail is not configured"
    with mail_server() as mails:
        configure(f"smtp://127.0.0.1:{mails.port}", "193,a@example.org")
        assert deadline.tell_office(text, LATER) is False, "the office has no address"
        configure(f"smtp://127.0.0.1:{mails.port}", "193,a@example.org", "_office,b@example.org")
        assert deadline.tell_office(text, LATER)
        assert deadline.tell_office(text, LATER)
    first, again = mails.taken
    assert first.to == ["b@example.org"]
    day = f"{deadline.last_deadline(LATER):%d/%m/%Y}"
    assert first["Subject"] == f"Số liệu trẻ em chưa được công bố lúc 06:00 {day}"
    assert "1. Đêm qua hệ thống không thu nhận tệp" in first.get_body().get_content()
    assert "Việc cần làm: Kiểm tra Airflow" in first.get_body().get_content()
    assert first["Message-ID"] == again["Message-ID"]


# Metrics


def test_metrics_say_what_was_delivered(published: ModuleType) -> None:
    with published.connect("auditor") as connection:
        (files, accepted, loaded, refused) = connection.execute(
            """
            select
                (select count(*) from ops.deliveries),
                (select count(*) from ops.loads where state = 'accepted'),
                sum(rows_loaded),
                sum(rows_refused)
            from ops.loads
            """
        ).fetchone()
    seen = measured()
    assert seen["up"] == 1
    assert seen["deliveries_total"] == files > 300
    assert seen["loads accepted"] == accepted > 300
    assert sum(value for name, value in seen.items() if name.startswith("loads ")) == accepted
    assert (seen["rows_total loaded"], seen["rows_total refused"]) == (loaded, refused)
    assert seen["disk_free_bytes archive"] > 0
    for nothing in ("deliveries_unread", "batches_waiting", "approval_waiting", "candidate_open"):
        assert seen[nothing] == 0


def test_metrics_are_served_and_say_that_the_database_is_gone(
    warehouse: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv("WAREHOUSE_URL", f"postgresql://nobody:nothing@127.0.0.1:{free_port()}/warehouse")
    process = subprocess.Popen([sys.executable, "-m", "mangnon.cli", "metrics", "--port", str(port)])
    try:
        until = time.monotonic() + 60
        while True:
            try:
                with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                    text = answer.read().decode()
                break
            except OSError:
                assert time.monotonic() < until
                time.sleep(0.1)
        assert {connection.laddr.ip for connection in psutil.Process(process.pid).net_connections()} == {"127.0.0.1"}
    finally:
        process.terminate()
        process.wait()
    values = {family.name: family.samples[0].value for family in text_string_to_metric_families(text)}
    assert values.pop("mangnon_up") == 0
    assert values.pop("mangnon_disk_free_bytes") > 0
    assert values == {}


# Logs


def test_lines_of_the_log_carry_the_ids_of_what_they_speak_of(
    warehouse: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy.deliver_reference()
    (tmp_path / "inbox" / "unreadable.xlsx").write_text("nothing")
    steps.collect()
    monkeypatch.setenv("MANGNON_JSON_LOGS", "true")
    done = subprocess.run([sys.executable, "-m", "mangnon.cli", "load"], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert {line["logger"] for line in lines} == {"mangnon.intake.steps", "mangnon.intake.loads"}
    assert all(line["run_id"].startswith("load__20") and line["timestamp"] and line["level"] for line in lines)
    read = {
        (line["batch"], line["delivery"], line["load"]): line["event"]
        for line in lines
        if line["logger"] == "mangnon.intake.loads"
    }
    with warehouse.connect("auditor") as connection:
        loads = connection.execute("select batch_id, delivery_id, load_id from ops.loads").fetchall()
    assert read.keys() == set(loads)
    assert len(read) == 6
    assert "unreadable.xlsx: no form is refused, 0 rows, 0 refused" in read.values()

    monkeypatch.delenv("MANGNON_JSON_LOGS")
    quiet = subprocess.run([sys.executable, "-m", "mangnon.cli", "load"], capture_output=True, text=True, check=True)
    assert quiet.stderr == "", "on a terminal only what needs attention"


# The doctor


def test_the_doctor_says_one_line_a_check_and_ends_with_1(warehouse: ModuleType) -> None:
    outcome = CliRunner().invoke(cli, ["doctor"])
    assert outcome.exit_code == 1
    assert "ok       database    PostgreSQL 18." in outcome.output
    assert "ok       deployment  tables, views" in outcome.output
    assert "ok       night       nothing is overdue; none came yet" in outcome.output
    assert "to do    Airflow     does not answer, so no night comes: " in outcome.output
    assert "unknown  schedule    cannot be looked at while Airflow is down" in outcome.output
    assert "info     mail        not configured" in outcome.output
    assert len(outcome.output.splitlines()) == len(doctor.examine())


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://mangnon@127.0.0.1:1/warehouse", "does not answer: connection failed: "),
        (None, "does not answer: the embedded PostgreSQL does not run. start it: `mangnon up`"),
    ],
)
def test_a_database_that_is_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str | None, said: str) -> None:
    monkeypatch.setenv("MANGNON_HOME", str(tmp_path))
    monkeypatch.setenv("WAREHOUSE_URL", url or "")
    (line,) = found("database")
    assert line.startswith(said)
    assert not list(tmp_path.iterdir()), "it starts nothing, and leaves nothing behind"


def test_a_database_that_hangs_holds_up_no_other_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "SECONDS", 1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv("WAREHOUSE_URL", f"postgresql://mangnon@127.0.0.1:{silent.getsockname()[1]}/warehouse")
        lines = doctor.examine()
    assert [line.what for line in lines if line.subject == "database"] == ["no answer within 1 s"]
    assert {"inbox", "disk", "mail"} <= {line.subject for line in lines}


def test_a_database_of_another_version_or_without_a_deployment(
    warehouse: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "POSTGRESQL", 19)
    assert "PostgreSQL 19 is needed: move the data to one" in found("database")[0]
    monkeypatch.setenv("WAREHOUSE_URL", databases.make("mangnon_test_empty"))
    assert found("deployment") == ["nothing was deployed here. `mangnon deploy`"]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("delete from ops.deployments", "the warehouse was not deployed by this version yet: run `mangnon deploy`"),
        ("update alembic_version set version_num = '9999'", "the warehouse is at migration 9999, which this code does"),
        ("update ops.deployments set code_hash = 'other'", "the warehouse belongs to other code than this, deployed"),
    ],
)
def test_a_warehouse_of_another_version(warehouse: ModuleType, statement: str, said: str) -> None:
    assert found("deployment") == []
    with warehouse.connect() as connection:
        connection.execute(statement)
    (line,) = found("deployment")
    assert line.startswith(said)


@pytest.mark.parametrize("place", ["inbox", "archive", "outbox"])
def test_a_place_that_cannot_be_written(
    warehouse: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv(f"MANGNON_{place.upper()}", str(tmp_path / "inside" / place))
    assert found(place) == []
    assert not list(tmp_path.iterdir())
    (tmp_path / "inside").write_text("no folder")
    (line,) = found(place)
    assert "cannot be written: [Errno 20] Not a directory" in line
    assert f"mend MANGNON_{place.upper()}" in line
    monkeypatch.setenv(f"MANGNON_{place.upper()}", "nothing://knows/this")
    assert "cannot be written: Protocol not known: nothing" in found(place)[0]


def test_an_archive_that_is_another_one(published: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found("archive") == []
    monkeypatch.setenv("MANGNON_ARCHIVE", str(tmp_path / "empty"))
    (line,) = found("archive")
    assert "the file of delivery" in line
    assert "see whether the right disk is mounted there" in line


def test_a_disk_that_is_nearly_full(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "LOWEST_FREE", shutil.disk_usage(tmp_path).total)
    assert "GiB are free where the home lies" in found("disk")[0]


def test_a_release_that_is_old(published: ModuleType) -> None:
    assert found("release") == []
    (line,) = found("release", LATER + timedelta(days=40))
    assert "42 days old, although reports are monthly" in line or "41 days old" in line


def test_mail_that_is_half_configured(
    configure: Callable[..., None],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def said() -> list[tuple[str, str]]:
        return [(line.state, line.what) for line in doctor.examine() if line.subject == "mail"]

    configure("smtp://127.0.0.1:1", "193,a@example.org")
    assert said() == [("info", "no line _office in MANGNON_MAIL_ADDRESSES: nobody hears of a missed deadline")]
    configure("smtp://127.0.0.1:1", "_office,a@example.org")
    assert said() == [("ok", "configured")]
    monkeypatch.setenv("MANGNON_MAIL_FROM", "nobody")
    assert said()[0] == ("to do", "MANGNON_MAIL_FROM is no address")
    configure("smtp://127.0.0.1:1", "_office,nobody")
    assert "line 2: write the code of a reporter and one address" in said()[0][1]
