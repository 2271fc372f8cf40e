"""The archive proves itself: what is damaged or missing is named and healed, and a warehouse can be made of it."""

import csv
import io
import os
import shutil
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import openpyxl
import psycopg
import pytest
from click.testing import CliRunner
from support import databases
from support.lists import changed, deliver, packaged
from support.watching import found, measured

from mangnon.cli.main import cli
from mangnon.contract.code_lists import REFERENCE_FOLDER, CodeLists
from mangnon.contract.template import write_template
from mangnon.intake import archive, steps
from mangnon.ledger.code_lists import counting_reference_loads, list_hash
from mangnon.publishing import lists

FIGURES = Path(__file__).parents[2] / "fixtures" / "figures_2020.csv"


@pytest.fixture
def kept(listed: ModuleType, tmp_path: Path) -> dict[str, Path]:
    """The archived files of three deliveries, by the names under which they arrived."""
    for path in REFERENCE_FOLDER.glob("*.csv"):
        archive.keep(path, archive.sha256_of(path))
    (tmp_path / "inbox" / "193").mkdir()
    for name in ("a", "b", "c"):
        (tmp_path / "inbox" / "193" / f"{name}.xlsx").write_bytes(f"synthetic {name}".encode())
    steps.collect()
    with listed.connect() as connection:
        rows = connection.execute("select file_name, sha256 from ops.deliveries where file_name like '%.xlsx'")
        return {name: tmp_path / "archive" / sha256[:2] / sha256 for name, sha256 in rows}


def said(*arguments: str) -> tuple[int, str]:
    """How a command ended, and what it said."""
    outcome = CliRunner().invoke(cli, arguments)
    assert outcome.exception is None or isinstance(outcome.exception, SystemExit), outcome.exception
    return outcome.exit_code, outcome.output


def test_only_its_owner_reads_the_archive(kept: dict[str, Path], tmp_path: Path) -> None:
    paths = list((tmp_path / "archive").rglob("*"))
    assert {path.stat().st_mode & 0o777 for path in paths if path.is_file()} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in paths if path.is_dir()} == {0o700}


def test_a_check_names_what_is_damaged_or_missing(kept: dict[str, Path]) -> None:
    assert said("archive", "check")[0] == 0
    assert found("archive") == []
    content = bytearray(kept["a.xlsx"].read_bytes())
    content[0] ^= 1
    kept["a.xlsx"].write_bytes(content)
    kept["b.xlsx"].unlink()
    code, text = said("archive", "check")
    assert code == 1
    assert [line.partition(":")[0] for line in text.splitlines() if "delivery" in line] == ["damaged", "missing"]
    assert "a.xlsx, reporter 193, no month" in text
    assert "c.xlsx" not in text
    assert (measured()["archive_damaged"], measured()["archive_missing"]) == (1, 1)
    (line,) = found("archive")
    assert "found 1 damaged and 1 missing files" in line


@pytest.mark.parametrize("harm", ["damaged", "missing", "cut short"])
def test_sending_the_same_file_again_heals(
    listed: ModuleType, kept: dict[str, Path], tmp_path: Path, harm: str
) -> None:
    path = kept["a.xlsx"]
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(b"synthetic x" if harm == "damaged" else b"syn")
    with (
        pytest.raises((archive.Damaged, archive.NotArchived), match="have its reporter send the same file again"),
        archive.archived(path.name),
    ):
        pass
    (tmp_path / "inbox" / "193" / "again.xlsx").write_bytes(b"synthetic a")
    steps.collect()
    assert path.read_bytes() == b"synthetic a"
    assert said("archive", "check")[0] == 0
    with listed.connect() as connection:
        count = connection.execute("select count(*) from ops.deliveries where file_name like '%.xlsx'").fetchone()
    assert count == (3,)


def test_a_check_writes_the_notes_that_an_earlier_version_did_not(kept: dict[str, Path], tmp_path: Path) -> None:
    assert said("archive", "check")[0] == 0  # those of the lists
    notes = {path: path.read_text() for path in (tmp_path / "archive").rglob("*.json")}
    for path in notes:
        path.unlink()
    assert said("archive", "check")[0] == 0
    assert {path: path.read_text() for path in (tmp_path / "archive").rglob("*.json")} == notes


def test_a_warehouse_is_rebuilt_from_the_archive_alone(
    warehouse: ModuleType,
    published_template: tuple[str, Path],
    tmp_path: Path,
    run_night: Callable[[], int | None],
) -> None:
    _copy_archive(*published_template, tmp_path / "archive")
    code, text = said("archive", "deliver")
    assert code == 0, text
    assert run_night() == 1
    rows = list(csv.DictReader(io.StringIO(said("report", "--year", "2020", "--format", "csv")[1])))
    expected = {row["figure"]: row for row in csv.DictReader(FIGURES.open())}
    assert len(expected) == 33
    assert {row["figure"]: (Decimal(row["value"]), row["qualifier"]) for row in rows} == {
        figure: (Decimal(row["value"]), row["qualifier"]) for figure, row in expected.items()
    }
    with warehouse.connect() as connection:
        arrived = connection.execute("select max(received_at)::date from ops.deliveries").fetchone()
    newest = max(os.stat(path).st_mtime for path in (tmp_path / "archive").rglob("*.json"))
    assert arrived == (date.fromtimestamp(newest),)
    assert said("archive", "deliver")[1].startswith("0 deliveries are noted")


def test_lists_are_rebuilt_in_the_order_in_which_they_were_delivered(
    warehouse: ModuleType, deployed_template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older list that was delivered again counts, and does not come after those that build on it."""
    of_package = [REFERENCE_FOLDER / "areas.csv", REFERENCE_FOLDER / "reporters.csv"]
    assert all(outcome.is_accepted for outcome in lists.deliver(of_package, "thử", "a test"))
    for text in (changed("areas", "Thành phố Hạ Long", "Thành phố thử nghiệm"), packaged("areas")):
        assert deliver(tmp_path, "areas", text).is_new
    assert not deliver(tmp_path, "areas", packaged("areas") + "\n").is_new, "it has other bytes and the same rows"
    counting = _counting_lists(warehouse)
    assert list(counting) == ["areas", "reporters"]
    with databases.made("rebuilt", deployed_template) as name:
        monkeypatch.setenv("WAREHOUSE_URL", databases.url(name))
        code, text = said("archive", "deliver")
        assert (code, "refused" in text) == (0, False), text
        assert _counting_lists(warehouse) == counting
        assert said("archive", "deliver")[1].startswith("0 deliveries are noted")


def test_a_month_that_was_in_the_future_is_judged_again_when_it_has_come(listed: ModuleType, tmp_path: Path) -> None:
    code_lists = CodeLists.from_package()
    with listed.connect() as connection:
        connection.execute("update raw.reporters set valid_until = null")
    path = tmp_path / "inbox" / "193" / "a.xlsx"
    path.parent.mkdir()
    write_template(path, code_lists.reporters["193"], date(2020, 1, 1), code_lists, {"incidents": []})
    book = openpyxl.load_workbook(path)
    (entry,) = [row[1] for row in book["Bìa"].iter_rows() if str(row[0].value).startswith("Kỳ báo cáo")]
    entry.value = "2099-01"
    book.save(path)
    assert "193" in steps.collect()
    steps.load("193")
    assert steps.collect() == [], "nothing to judge while the month is in the future"
    with listed.connect() as connection:  # as if the machine's clock had been wrong when it was read
        connection.execute("update ops.loads set period = '2020-01-01' where reporter_code = '193'")
    assert steps.collect() == ["193"]
    with listed.connect() as connection:
        refused = connection.execute("select state from ops.loads where reporter_code = '193'").fetchall()
    assert refused == [("refused",)], "the refusal stays on record"


def _counting_lists(warehouse: ModuleType) -> dict[str, str]:
    """The content of each list that counts."""
    with warehouse.connect() as connection:
        counting = connection.execute(
            "select form, load_id from ops.loads where load_id = any(%s) order by form",
            [counting_reference_loads(connection)],
        ).fetchall()
        return {form: list_hash(connection, form, load_id) for form, load_id in counting}


def _copy_archive(template: str, folder: Path, copy: Path) -> None:
    """Copies what the template's deliveries left in the archive, to which other tests have added."""
    with psycopg.connect(databases.url(template)) as connection:
        rows = connection.execute("select sha256, place from ops.deliveries").fetchall()
    for sha256, place in rows:
        (copy / sha256[:2]).mkdir(parents=True, exist_ok=True)
        for path in [folder / "archive" / sha256[:2] / sha256, *(folder / "archive").rglob(f"{sha256}.{place}*.json")]:
            shutil.copy2(path, copy / sha256[:2])
