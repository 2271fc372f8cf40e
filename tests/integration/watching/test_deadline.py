"""The deadline: what is overdue is named, step by step, to operator, office and Prometheus alike."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest
from support.mail import mail_server
from support.watching import LATER, found, measured
from support.workbooks import event, send, sessions

from mangnon.intake import steps
from mangnon.ledger.batches import open_night
from mangnon.publishing import phases
from mangnon.publishing.phases import ReleaseRefused
from mangnon.watching import deadline, vitals


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


def test_the_office_is_told_by_mail(warehouse: ModuleType, configure: Callable[..., None]) -> None:
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
    assert first["Subject"] == f"Số liệu trẻ em chưa được công bố lúc 06:00 ngày {day}"
    assert "1. Đêm qua hệ thống không thu nhận tệp" in first.get_body().get_content()
    assert "Việc cần làm: Kiểm tra Airflow" in first.get_body().get_content()
    assert first["Message-ID"] == again["Message-ID"]
