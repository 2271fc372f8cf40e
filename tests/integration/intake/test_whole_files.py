"""Only whole, regular files are read; whatever else lies in the inbox is named, and stops nobody."""

import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from mangnon.intake import arrivals, steps
from mangnon.stores import NotReadable, open_store
from mangnon.stores.folder import Folder

SECRET = b"what lies outside"


def names(listed: ModuleType) -> list[str]:
    """The names of the files that arrived."""
    with listed.connect() as connection:
        rows = connection.execute("select file_name from ops.deliveries order by delivery_id").fetchall()
        return [name for (name,) in rows if not name.endswith(".csv")]


def skipped(listed: ModuleType) -> dict[str, str]:
    """What the last night did not read, by the end of its path, and why."""
    with listed.connect() as connection:
        rows = connection.execute("select source, reason from ops.skipped_files").fetchall()
    return {source.rpartition("/inbox/")[2]: reason for source, reason in rows}


@pytest.fixture
def inbox(listed: ModuleType, tmp_path: Path) -> Path:
    """The place of a reporter in the inbox, with one good file."""
    place = tmp_path / "inbox" / "193"
    place.mkdir()
    (place / "good.xlsx").write_bytes(b"synthetic")
    return place


def test_links_pipes_sockets_and_devices_are_named_and_not_read(
    listed: ModuleType, inbox: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.xlsx").write_bytes(SECRET)
    (inbox / "file link.xlsx").symlink_to(outside / "secret.xlsx")
    (inbox / "folder link").symlink_to(outside)
    (inbox / "dangling.xlsx").symlink_to(tmp_path / "nothing")
    (inbox / "loop.xlsx").symlink_to(inbox / "loop.xlsx")
    (inbox.parent / "194").symlink_to(outside)
    os.mkfifo(inbox / "pipe.xlsx")
    with socket.socket(socket.AF_UNIX) as bound:
        here = Path.cwd()
        os.chdir(inbox)  # the path of a socket is short
        bound.bind("socket.xlsx")
        os.chdir(here)
    steps.collect()
    assert names(listed) == ["good.xlsx"]
    link = "a symbolic link, not a file"
    assert skipped(listed) == {
        "193/file link.xlsx": link, "193/folder link": link, "193/dangling.xlsx": link, "193/loop.xlsx": link,
        "194": link, "193/pipe.xlsx": "a pipe, not a file", "193/socket.xlsx": "a socket, not a file",
    }  # fmt: skip
    assert SECRET not in {path.read_bytes() for path in (tmp_path / "archive").rglob("*") if path.is_file()}


@pytest.mark.parametrize("swapped", ["the file", "its folder"])
def test_a_file_that_becomes_a_link_after_the_look_leads_nowhere(
    listed: ModuleType, inbox: Path, tmp_path: Path, swapped: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "good.xlsx").write_bytes(SECRET)
    store = open_store("inbox")
    assert [entry.path for entry in store.look().files if not arrivals.is_hidden(entry.path)] == ["193/good.xlsx"]
    if swapped == "the file":
        (inbox / "good.xlsx").unlink()
        (inbox / "good.xlsx").symlink_to(outside / "good.xlsx")
    else:
        shutil.rmtree(inbox)
        inbox.symlink_to(outside)
    with pytest.raises(NotReadable):
        store.fetch("193/good.xlsx", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_pipe_in_the_place_of_a_file_holds_nobody_up(inbox: Path, tmp_path: Path) -> None:
    (inbox / "good.xlsx").unlink()
    os.mkfifo(inbox / "good.xlsx")
    with pytest.raises(NotReadable, match="no regular file"):
        open_store("inbox").fetch("193/good.xlsx", tmp_path / "copy")


def test_any_name_is_stored_as_text_that_can_be_shown(listed: ModuleType, inbox: Path) -> None:
    given = [
        b"\xff\xfe.xlsx", b"new\nline.xlsx", b"bell\x07\x1b[31m.xlsx", "\u202excod.xlsx".encode(), b"a\\b.xlsx",
        ("x" * 250).encode() + b".xlsx", "biểu mẫu.xlsx".encode(), b"\xed\xa0\x80.xlsx",
    ]  # fmt: skip
    for number, name in enumerate(given):
        Path(os.fsdecode(os.fsencode(inbox) + b"/" + name)).write_bytes(b"synthetic %d" % number)
    steps.collect()
    found = names(listed)
    assert {
        "good.xlsx", r"\xff\xfe.xlsx", r"new\x0aline.xlsx", r"bell\x07\x1b[31m.xlsx", r"\u202excod.xlsx",
        r"a\\b.xlsx", "x" * 250 + ".xlsx", "biểu mẫu.xlsx", r"\xed\xa0\x80.xlsx",
    } == set(found)  # fmt: skip
    assert all(name.isprintable() for name in found)
    steps.collect()
    assert names(listed) == found


@pytest.mark.parametrize("happens", ["grows", "vanishes", "is replaced", "nothing"])
def test_a_file_that_is_still_being_written_waits(
    listed: ModuleType, inbox: Path, monkeypatch: pytest.MonkeyPatch, happens: str
) -> None:
    pauses = []

    def while_waiting(seconds: float) -> None:
        pauses.append(seconds)
        if happens == "grows":
            (inbox / "half.xlsx").write_bytes(b"half of it, and the rest")
        elif happens == "vanishes":
            (inbox / "half.xlsx").unlink()
        elif happens == "is replaced":
            (inbox / "other").write_bytes(b"HALF OF IT")
            (inbox / "other").rename(inbox / "half.xlsx")

    (inbox / "half.xlsx").write_bytes(b"half of it")
    (inbox / "copying.xlsx.part").write_bytes(b"half")
    monkeypatch.setattr(arrivals.time, "sleep", while_waiting)
    steps.collect()
    assert len(pauses) == 1, "all young files wait together"
    if happens == "nothing":
        assert names(listed) == ["good.xlsx", "half.xlsx"]
        return
    assert names(listed) == ["good.xlsx"]
    assert "still being written" in skipped(listed)["193/half.xlsx"]
    happens = "nothing"
    steps.collect()
    gone = not (inbox / "half.xlsx").exists()
    assert names(listed) == (["good.xlsx"] if gone else ["good.xlsx", "half.xlsx"])
    assert skipped(listed) == {}


@pytest.fixture
def readable_folder() -> Iterator[Path]:
    """A folder that every user of this machine may enter."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_a_file_and_a_folder_that_may_not_be_read_stop_no_other(readable_folder: Path, tmp_path: Path) -> None:
    for name in ("closed/a.xlsx", "open/closed.xlsx", "open/good.xlsx"):
        (readable_folder / name).parent.mkdir(exist_ok=True)
        (readable_folder / name).write_bytes(b"synthetic")
    (readable_folder / "open" / "closed.xlsx").chmod(0)
    (readable_folder / "closed").chmod(0)
    copy = Path(tempfile.mkdtemp(dir=readable_folder)) / "copy"
    copy.parent.chmod(0o777)

    def look() -> None:
        store = Folder(readable_folder)
        listing = store.look()
        assert [entry.path for entry in listing.files] == ["open/closed.xlsx", "open/good.xlsx"]
        assert [(file.path, file.reason) for file in listing.skipped] == [
            ("closed", "the folder cannot be listed: Permission denied")
        ]
        with pytest.raises(NotReadable, match="Permission denied"):
            store.fetch("open/closed.xlsx", copy)
        store.fetch("open/good.xlsx", copy)
        assert copy.read_bytes() == b"synthetic"

    _as_nobody(look)


def _as_nobody(act: Callable[[], None]) -> None:
    """Nothing is closed to root."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        act()
    finally:
        os.seteuid(user)
