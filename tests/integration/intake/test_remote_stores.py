"""Inbox, archive and outbox on servers of S3 and SFTP: whatever breaks, nothing arrives twice and nothing is lost."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support.workbooks import event, send, sessions

from mangnon.intake import archive, arrivals, steps
from mangnon.stores import StoreFailure, open_store, s3, sftp
from mangnon.telling import outbox

LARGE = 3_000_000  # bytes; more than any handshake or listing
MANY, NEW = 10_000, 13
SECRETS = ("a-secret-of-the-tests", "another secret", "PRIVATE KEY")


def deliveries(listed: ModuleType) -> list[tuple[str, str]]:
    """Every delivery, by name and content; the archive has it whole."""
    with listed.connect() as connection:
        rows = connection.execute(
            "select file_name, sha256 from ops.deliveries where place <> '_reference' order by file_name"
        ).fetchall()
        assert connection.execute("select count(*) from ops.arrivals").fetchone() == (len(rows),)
    assert [archive.fault_of(sha256) for _, sha256 in rows] == [None] * len(rows)
    return rows


@pytest.fixture
def three_files(remote_places: Any) -> dict[str, bytes]:
    """Three files in the inbox, the second of them large."""
    contents = {"a.xlsx": b"synthetic a", "b.xlsx": os.urandom(LARGE), "c.xlsx": b"synthetic c"}
    inbox = remote_places.direct("inbox")
    for name, content in contents.items():
        inbox.write(f"193/{name}", content)
    return contents


@pytest.mark.parametrize("broken", ["a read from the inbox", "a write into the archive"])
def test_a_connection_that_is_cut(
    listed: ModuleType, remote_places: Any, three_files: dict[str, bytes], broken: str
) -> None:
    remote_places.proxy.cut_after(LARGE // 3, "server" if broken.startswith("a read") else "client")
    with pytest.raises(StoreFailure):
        steps.collect()
    assert remote_places.proxy.cuts > 0
    assert [name for name, _ in deliveries(listed)] == ["a.xlsx"], "what came before it is safe"
    remote_places.proxy.mend()
    steps.collect()
    assert [name for name, _ in deliveries(listed)] == list(three_files)
    steps.collect()
    assert [name for name, _ in deliveries(listed)] == list(three_files)
    half = [entry.path for entry in open_store("archive").look().files if not entry.path.endswith(".json")]
    assert len([path for path in half if not path.endswith(".part")]) == len(three_files)


def test_a_server_that_stops_answering(
    listed: ModuleType, remote_places: Any, three_files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (s3, sftp):
        monkeypatch.setattr(module, "ANSWER", 5)
    monkeypatch.setattr(s3, "TIMES", 1)
    steps.collect()
    before = deliveries(listed)
    remote_places.direct("inbox").write("193/d.xlsx", b"synthetic d")
    remote_places.proxy.be_silent()
    with pytest.raises(StoreFailure) as failed:
        steps.collect()
    assert open_store("inbox").name in str(failed.value)
    remote_places.proxy.mend()
    steps.collect()
    assert [name for name, _ in deliveries(listed)] == [*(name for name, _ in before), "d.xlsx"]


def test_wrong_credentials_are_refused_and_never_shown(
    listed: ModuleType, remote_places: Any, three_files: dict[str, bytes], caplog: pytest.LogCaptureFixture
) -> None:
    remote_places.use_wrong_credentials()
    with pytest.raises(StoreFailure, match=r"the server refuses the .*; correct them \(docs/sources/") as failed:
        steps.collect()
    said = f"{failed.value!r} {failed.value} {caplog.text}"
    assert not any(secret in said for secret in SECRETS)
    assert deliveries(listed) == []


def test_ten_thousand_files_with_thirteen_new_ones(listed: ModuleType, remote_places: Any) -> None:
    inbox = remote_places.direct("inbox")
    _write_many(remote_places, inbox)
    for number in range(NEW):
        inbox.write(f"193/{number:05}.xlsx", b"new %d" % number)
    with listed.connect() as connection:
        connection.execute(
            """
            insert into ops.deliveries (sha256, place, file_name, size_bytes)
            values (repeat('0', 64), '193', 'known', 1)
            """
        )
        known = [
            (arrivals.source_of(open_store("inbox"), entry.path), entry.version)
            for entry in inbox.look().files
            if entry.path >= f"193/{NEW:05}.xlsx"
        ]
        assert len(known) == MANY - NEW
        connection.cursor().executemany(
            """
            insert into ops.arrivals (source, version, delivery_id)
            select %s, %s, max(delivery_id) from ops.deliveries
            """,
            known,
        )
    passed = remote_places.proxy.passed["client"]
    steps.collect()
    with listed.connect() as connection:
        assert connection.execute("select count(*) from ops.deliveries where place <> '_reference'").fetchone() == (
            NEW + 1,
        )
    # To ask for each of the files would take more than 100 bytes a file.
    assert remote_places.proxy.passed["client"] - passed < MANY * 20


def _write_many(remote_places: Any, inbox: Any) -> None:
    if remote_places.kind == "sftp":
        folder = Path(inbox.name.removeprefix("sftp://").partition("/")[2]).joinpath("193")
        folder = Path("/") / folder
        folder.mkdir(parents=True)
        for number in range(MANY):
            (folder / f"{number:05}.xlsx").write_bytes(b"")
            os.utime(folder / f"{number:05}.xlsx", (1, 1))
        return
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda number: inbox.write(f"193/{number:05}.xlsx", b"x"), range(MANY)))


def test_a_listing_that_is_cut(listed: ModuleType, remote_places: Any) -> None:
    inbox = remote_places.direct("inbox")
    for number in range(60):
        inbox.write(f"193/{'a rather long name of a workbook, as people give them, ' * 3}{number:05}.xlsx", b"x")
    remote_places.proxy.cut_after(20_000, "server")
    with pytest.raises(StoreFailure):
        steps.collect()
    assert remote_places.proxy.cuts > 0
    assert deliveries(listed) == []


def test_a_night_with_everything_on_a_server(
    published: ModuleType, remote_places: Any, tmp_path: Path, run_night: Callable[[], int | None]
) -> None:
    before = sessions(published, "193") or 0
    send(tmp_path / "here", "193", {"events": [event("193", before + 1)]}, 2)
    (workbook,) = (tmp_path / "here" / "193").iterdir()
    remote_places.direct("inbox").put(workbook, f"193/{workbook.name}")
    assert run_night() == 2
    assert sessions(published, "193") == before + 1
    target = outbox.address(None, date(2020, 7, 1), "a.xlsx")
    outbox.put(workbook, target)
    assert outbox.get(target) == workbook.read_bytes()


def test_a_host_key_that_is_not_known_is_refused(
    listed: ModuleType, sftp: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MANGNON_INBOX", f"sftp://{sftp.user}@127.0.0.1:{sftp.port}/inbox")
    monkeypatch.setenv("MANGNON_SFTP_KEY", str(sftp.key))
    monkeypatch.setenv("MANGNON_SFTP_KNOWN_HOSTS", str(tmp_path / "nothing"))
    with pytest.raises(StoreFailure, match="there is no file of known hosts"):
        steps.collect()
    monkeypatch.setenv("MANGNON_SFTP_KNOWN_HOSTS", str(sftp.known_hosts(tmp_path / "known", 1)))
    with pytest.raises(StoreFailure, match=r"host key is not in .*known, so it may be another server"):
        steps.collect()
