"""A file speaks for the reporter in whose place it lies, whatever kind of file it is."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.messy import bundle, csv_text, submission, workbook
from support.reading import HA_LONG, JUNE, LISTS

from mangnon.contract.code_lists import OFFICE, REFERENCE_REPORTER
from mangnon.contract.forms import all_forms
from mangnon.contract.template import write_template
from mangnon.reading.opening import open_source
from mangnon.reading.problems import RefusedFile

EVENTS = all_forms()["events"]


def by_template(path: Path) -> None:
    write_template(path, LISTS.reporters["193"], JUNE, LISTS, {"events": HA_LONG.lines["events"]})


def by_hand(path: Path) -> None:
    workbook(path, submission("193", JUNE))


def as_csv(path: Path) -> None:
    path.write_text(csv_text(EVENTS, HA_LONG), encoding="utf-8")


def as_zip(path: Path) -> None:
    bundle(path, {"events.csv": csv_text(EVENTS, HA_LONG).encode()})


KINDS: list[tuple[str, Callable[[Path], None]]] = [
    ("a.xlsx", by_template), ("b.xlsx", by_hand), ("c.csv", as_csv), ("d.zip", as_zip),
]  # fmt: skip


@pytest.mark.parametrize(("name", "make"), KINDS)
def test_it_is_read_in_its_own_place_and_in_the_offices(
    name: str, make: Callable[[Path], None], tmp_path: Path
) -> None:
    make(tmp_path / name)
    for place in ("193", OFFICE, None):
        assert open_source(tmp_path / name, name, LISTS, place).cover.reporter_code == "193"


@pytest.mark.parametrize("place", ["194", "SLDTBXH", REFERENCE_REPORTER, ""])
@pytest.mark.parametrize(("name", "make"), KINDS)
def test_it_is_refused_anywhere_else_with_the_cell_and_what_it_says(
    name: str, make: Callable[[Path], None], place: str, tmp_path: Path
) -> None:
    make(tmp_path / name)
    with pytest.raises(RefusedFile) as refused:
        open_source(tmp_path / name, name, LISTS, place)
    (problem,) = refused.value.problems
    assert problem.rule == "reporter_not_of_place"
    assert f"(ô {problem.cell})" in problem.message
    assert f"chỉ nhận tệp của đơn vị mã {place}." in problem.message
    if problem.value == "193":
        assert LISTS.reporters["193"].name not in problem.message, "the name of a unit whose code alone was given"


def titled(path: Path, revision: int) -> Path:
    """Writes a CSV without a cover, whose titles give the revision."""
    table = [line for line in csv_text(EVENTS, HA_LONG).split("\n") if not line.startswith("#")]
    titles = ["Đơn vị báo cáo: 193", "Tháng 6 năm 2020", f"Lần gửi: {revision}"]
    path.write_text("\n".join(titles + table), encoding="utf-8")
    return path


@pytest.mark.parametrize("revision", [1, 99])
def test_a_revision_above_a_table_is_read(revision: int, tmp_path: Path) -> None:
    path = titled(tmp_path / "a.csv", revision)
    assert open_source(path, path.name, LISTS, "193").cover.revision == revision


@pytest.mark.parametrize("revision", [0, 100, 1000, 10**30])
def test_a_revision_above_a_table_is_bounded_too(revision: int, tmp_path: Path) -> None:
    path = titled(tmp_path / "a.csv", revision)
    with pytest.raises(RefusedFile, match=r"“Lần gửi” \(ô A3\) .* số nguyên từ 1 đến 99"):
        open_source(path, path.name, LISTS, "193")


def test_what_came_before_there_were_places_is_read_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    text = csv_text(EVENTS, HA_LONG, revision=123456)
    path.write_text(text, encoding="utf-8")
    assert open_source(path, path.name, LISTS, None).cover.revision == 123456
    with pytest.raises(RefusedFile, match="Ô B4, “Lần gửi”: ghi số nguyên từ 1 đến 99"):
        open_source(path, path.name, LISTS, "193")
