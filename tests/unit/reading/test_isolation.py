"""A file is read in a process with limits and without secrets; whatever happens to it happens to nothing else."""

import json
import os
import signal
import struct
from contextlib import nullcontext
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from support import readers
from support.bad_input import LISTS, submission
from support.hostile import COVER, HEADER, HOSTILE, ROW, csv

from mangnon.contract.code_lists import OFFICE
from mangnon.reading.cover import Cover
from mangnon.reading.delivery import FormRead, Opened
from mangnon.reading.files.binary_workbook import inspect_xls
from mangnon.reading.isolation import limits
from mangnon.reading.isolation.client import ReaderGone, ReadingFailed, read_cover, reading
from mangnon.reading.isolation.wire import SIZES, BadMessage, Decoder, encoded
from mangnon.reading.problems import RefusedFile
from mangnon.reading.reader import ReadBlock

SENDER = "193"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return submission(tmp_path / "tot.xlsx")


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A CSV that comes in many blocks."""
    path = tmp_path / "lon.csv"
    path.write_bytes(COVER + HEADER + ROW * 300_000)
    return path


def found_in(path: Path, sender: str = SENDER) -> tuple[int, set[str]]:
    """Returns how many rows were read of a file, and the rules of all problems."""
    rows, rules = 0, set()
    try:
        with reading(path, path.name, LISTS, OFFICE, sender=sender) as messages:
            for message in messages:
                rows += message.rows.num_rows if isinstance(message, ReadBlock) else 0
                rules |= {problem.rule for problem in getattr(message, "problems", [])}
    except ReadingFailed as failure:
        rules.add(failure.problem.rule)
    return rows, rules


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_refused_and_the_next_one_is_read(case: str, tmp_path: Path, good: Path) -> None:
    name, make, rule = HOSTILE[case]
    make(tmp_path / name)
    assert found_in(tmp_path / name)[1] == {rule}
    assert found_in(good) == (3, set())


def test_a_reader_has_no_secrets(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", "postgresql://owner:secret@nowhere/warehouse")
    with open(good, "rb"), reading(good, good.name, LISTS, OFFICE, sender=SENDER) as messages:
        list(messages)
        process = readers.reader()
        assert "secret" not in str(process.environ())
        assert not [name for name in process.environ() if name.startswith(("MANGNON", "WAREHOUSE", "AIRFLOW", "AWS"))]
        descriptors = [os.readlink(path) for path in Path(f"/proc/{process.pid}/fd").iterdir()]
        assert sorted(name.partition(":")[0] for name in descriptors)[:2] == ["/dev/null", "/dev/null"]
        assert len(descriptors) == 4, descriptors  # the third is its stderr, the fourth its socket


def test_senders_share_no_reader(good: Path) -> None:
    pids = []
    for sender in ("193", "193", "194"):
        read_cover(good, good.name, LISTS, OFFICE, sender)
        pids.append(readers.reader().pid)
    assert pids[0] == pids[1] != pids[2]


def test_a_reader_that_hangs_is_ended(large: Path, good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TIME", 1)
    with reading(large, large.name, LISTS, OFFICE, sender=SENDER) as messages:
        assert isinstance(next(messages), Opened)
        hanging = readers.reader()
        hanging.suspend()
        with pytest.raises(ReadingFailed, match="thời gian") as failure:
            list(messages)
    assert failure.value.problem.id == "file_too_heavy.time"
    assert not hanging.is_running()
    assert found_in(good) == (3, set())


def test_too_much_output_ends_a_reader(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "OUTPUT", 1 << 20)
    assert found_in(large)[1] == {"file_too_heavy"}


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGXCPU])
def test_a_reader_that_is_killed_takes_nothing_with_it(large: Path, good: Path, how: signal.Signals) -> None:
    with reading(large, large.name, LISTS, OFFICE, sender=SENDER) as messages:
        next(messages)
        readers.reader().send_signal(how)
        with pytest.raises(ReadingFailed) as failure:
            list(messages)
    if how == signal.SIGXCPU:
        assert failure.value.problem.id == "file_too_heavy.time"
    else:
        assert failure.value.problem.values["failure"] == how.name
    assert found_in(good) == (3, set())


def test_without_the_zygote_nothing_is_blamed_on_the_file(large: Path, good: Path) -> None:
    with reading(large, large.name, LISTS, OFFICE, sender=SENDER) as messages:
        next(messages)
        process = readers.reader()
        readers.zygote().kill()
        with pytest.raises(ReaderGone):
            list(messages)
    process.wait(10)
    assert found_in(good) == (3, set())


def test_bad_rows_without_end_refuse_the_form(tmp_path: Path) -> None:
    csv(*(b"%d,x,y\n" % number for number in range(60_000)))(tmp_path / "a.csv")
    with reading(tmp_path / "a.csv", "a.csv", LISTS, OFFICE, sender=SENDER) as messages:
        problems = [problem for message in messages for problem in getattr(message, "problems", [])]
    assert "too_many_bad_rows" in {problem.rule for problem in problems}
    assert len(problems) < 20_000


def test_an_xls_of_5000_sheets_is_refused_before_it_is_gone_through() -> None:
    sheet = struct.pack("<HHIHBB", 0x85, 9, 0, 0, 1, 0) + b"a"  # each begins where the stream begins
    stream = struct.pack("<HH", 0x809, 0) + sheet * 5000 + struct.pack("<HH", 0x0A, 0)
    with pytest.raises(RefusedFile) as refusal:
        inspect_xls(stream, "a.xls")
    assert refusal.value.problems[0].id == "too_large.file"


FORM = b'{"kind": "form begun", "form": "events", "notes": []}'
BLOCK = b'{"kind": "block", "refused": [], "problems": []}'


def arrow(**columns: list[object]) -> bytes:
    sink = pa.BufferOutputStream()
    table = pa.table(columns)
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (b"\x80\x04N.", b""),
        (b'{"kind": "row"}', b""),
        (b'{"kind": "form begun", "form": "ops.loads", "notes": []}', b""),
        (b'{"kind": "form read", "declared_totals": {"attendances": NaN}, "notes": []}', b""),
        (b'{"kind": "form read", "declared_totals": {"load_id": 1}, "notes": []}', b""),
        (b'{"kind": "file refused", "problems": [{"id": "no_such_rule", "values": {}}]}', b""),
        (BLOCK, b"no arrow"),
        (BLOCK, arrow(load_id=[1])),
        (b"[" * 100_000, b""),
    ],
)
def test_what_no_reader_sends_is_refused(text: bytes, rows: bytes) -> None:
    decoder = Decoder(OFFICE)
    decoder.message(FORM, b"")
    with pytest.raises(BadMessage):
        decoder.message(text, rows)


@pytest.mark.parametrize(
    ("place", "reporter", "is_believed"),
    [
        ("193", "193", True),
        ("193", "194", False),
        ("193", "_reference", False),
        (OFFICE, "194", True),
        (OFFICE, "_reference", False),
        ("_reference", "_reference", True),
    ],
)
def test_a_reader_speaks_for_the_place_of_its_file_alone(place: str, reporter: str, is_believed: bool) -> None:
    cover = Cover(reporter, date(2020, 3, 1), 1, None, is_synthetic=True, forms={"events": {}})
    sent = b"".join(encoded(Opened(cover)))
    text_size, _ = SIZES.unpack(sent[: SIZES.size])
    with nullcontext() if is_believed else pytest.raises(BadMessage):
        assert Decoder(place).message(sent[SIZES.size :][:text_size], b"") == Opened(cover)


def test_texts_that_cannot_be_stored_are_shown_with_signs() -> None:
    sent = {"kind": "file refused", "problems": [{"id": "no_form.cover", "values": {}, "value": "a\0\ud800b"}]}
    (problem,) = Decoder(OFFICE).message(json.dumps(sent).encode(), b"").problems  # type: ignore[union-attr]
    assert problem.value == "a␀\ufffdb"


def test_reading_ends_with_the_last_form(good: Path) -> None:
    with reading(good, good.name, LISTS, OFFICE, ["beneficiaries"], sender=SENDER) as messages:
        found = list(messages)
    assert isinstance(found[-1], FormRead)
    assert sum(isinstance(message, FormRead) for message in found) == 1
