"""For each way a file can be wrong: a clear refusal in Vietnamese that names the place; all else goes through."""

from pathlib import Path
from types import ModuleType

import openpyxl
import psycopg
import pytest
from support.bad_input import ONE_ROW, WHOLE_FILE, WHOLE_FORM, cover, edited, submission

from mangnon.contract.code_lists import OFFICE
from mangnon.intake import steps
from mangnon.ledger.batches import closed_batches
from mangnon.publishing import phases


@pytest.fixture
def reference(listed: ModuleType, tmp_path: Path) -> ModuleType:
    """A warehouse in which the package's lists count."""
    (tmp_path / "inbox").mkdir(exist_ok=True)
    return listed


@pytest.mark.parametrize("case", WHOLE_FILE)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(reference: ModuleType, tmp_path: Path, case: str) -> None:
    name, make, rule, place, words = WHOLE_FILE[case]
    make(tmp_path / "inbox" / OFFICE / name)
    submission(tmp_path / "inbox" / "194" / "neighbour.xlsx", "194")
    loads = load_everything(reference)
    assert loads["neighbour.xlsx"] == {("events", "loaded", 2, 0), ("beneficiaries", "loaded", 1, 0)}
    assert loads[name] == {(None, "refused", 0, 0)}
    assert_problem(reference, name, rule, place, words)


@pytest.mark.parametrize("case", WHOLE_FORM)
def test_a_form_that_cannot_be_read_is_refused_and_the_others_go_through(
    reference: ModuleType, tmp_path: Path, case: str
) -> None:
    name, make, rule, place, words = WHOLE_FORM[case]
    make(tmp_path / "inbox" / OFFICE / name)
    submission(tmp_path / "inbox" / "194" / "neighbour.xlsx", "194")
    loads = load_everything(reference)
    assert loads["neighbour.xlsx"] == {("events", "loaded", 2, 0), ("beneficiaries", "loaded", 1, 0)}
    assert sorted(state for _, state, *_ in loads[name]) == (["refused"] if name == "a.csv" else ["loaded", "refused"])
    assert_problem(reference, name, rule, place, words)


@pytest.mark.parametrize("case", ONE_ROW)
def test_a_row_that_breaks_the_contract_is_kept_with_cell_and_reason(
    reference: ModuleType, tmp_path: Path, case: str
) -> None:
    name, make, rule, place, words = ONE_ROW[case]
    make(tmp_path / "inbox" / OFFICE / name)
    submission(tmp_path / "inbox" / "194" / "neighbour.xlsx", "194")
    loads = load_everything(reference)
    assert loads["neighbour.xlsx"] == {("events", "loaded", 2, 0), ("beneficiaries", "loaded", 1, 0)}
    assert sum(refused for *_, refused in loads[name]) == 1
    assert sum(rows for *_, rows, _ in loads[name]) == (0 if name == "a.csv" else 2)
    assert_problem(reference, name, rule, place, words)
    with reference.connect("auditor") as connection:
        kept = connection.execute("select row_number from raw.refused_rows").fetchall()
    assert kept == [(6,) if name == "a.csv" else (4,)]


def test_a_period_in_the_future_is_refused(reference: ModuleType, tmp_path: Path) -> None:
    cover("Kỳ báo cáo", "2099-01")(tmp_path / "inbox" / "193" / "a.xlsx")
    with reference.connect() as connection:
        connection.execute("update raw.reporters set valid_until = null")
    load_everything(reference)
    assert_problem(reference, "a.xlsx", "period_in_future", None, "tương lai")


def test_a_sheet_that_the_cover_does_not_announce_is_not_dropped_silently(
    reference: ModuleType, tmp_path: Path
) -> None:
    def edit(book: openpyxl.Workbook) -> None:
        for row in book["Bìa"].iter_rows():
            if row[0].value == "Hoạt động":
                row[1].value = None

    edited(edit)(tmp_path / "inbox" / "193" / "a.xlsx")
    load_everything(reference)
    assert_problem(reference, "a.xlsx", "form_not_announced", None, "Tình hình số liệu")


def test_a_column_that_is_no_field_is_not_read_and_that_is_said(reference: ModuleType, tmp_path: Path) -> None:
    edited(lambda book: book["Hoạt động"].cell(3, 13, "Họ tên cán bộ"))(tmp_path / "inbox" / "193" / "a.xlsx")
    loads = load_everything(reference)
    assert ("events", "loaded", 2, 0) in loads["a.xlsx"]
    assert_problem(reference, "a.xlsx", "column_ignored", "M3", "Họ tên cán bộ")


def test_a_column_that_speaks_of_persons_refuses_the_form(reference: ModuleType, tmp_path: Path) -> None:
    edited(lambda book: book["Hoạt động"].cell(3, 13, "Họ tên cán bộ"))(tmp_path / "inbox" / "193" / "a.xlsx")
    load_everything(reference)
    with reference.connect() as connection:
        batch, load_id = connection.execute(
            "update ops.loads set state = 'modelled' where form = 'events' returning batch_id, load_id"
        ).fetchone()
    assert phases.judge_loads([batch]) == [load_id]
    with reference.connect() as connection:
        (message,) = connection.execute(
            "select message from ops.verdicts where expectation = 'personal_data_column' and load_id = %s", [load_id]
        ).fetchone()
    assert "ô M3" in message
    assert "Họ tên" not in message


def test_the_same_file_under_two_names_is_one_delivery(reference: ModuleType, tmp_path: Path) -> None:
    first = submission(tmp_path / "inbox" / "193" / "a.xlsx")
    (tmp_path / "inbox" / "193" / "b.xlsx").write_bytes(first.read_bytes())
    load_everything(reference)
    with reference.connect("auditor") as connection:
        assert connection.execute("select count(*) from ops.deliveries where reporter_code = '193'").fetchone() == (1,)
        assert connection.execute("select count(*) from ops.arrivals where source like '%%.xlsx'").fetchone() == (2,)
    assert steps.collect() == []


def test_the_database_itself_refuses_a_load_that_loses_rows(reference: ModuleType, tmp_path: Path) -> None:
    submission(tmp_path / "inbox" / "193" / "a.xlsx")
    load_everything(reference)
    claim = """
        insert into ops.loads (
            delivery_id, batch_id, reporter_code, form, period, revision, fingerprint,
            rows_in, rows_loaded, rows_refused
        )
        select delivery_id, batch_id, reporter_code, form, period, revision, 'other', 7, 7, 0
        from ops.loads where form = 'events'
    """
    with (
        reference.connect("loader") as connection,
        pytest.raises(psycopg.errors.CheckViolation, match="raw holds 0"),
    ):
        connection.execute(claim)
    with reference.connect("loader") as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(claim.replace("7, 7, 0", "7, 6, 0"))


def test_a_closed_batch_takes_no_more_loads(reference: ModuleType, tmp_path: Path) -> None:
    with reference.connect("publisher") as connection:
        of_lists = closed_batches(connection)
    submission(tmp_path / "inbox" / "193" / "a.xlsx")
    load_everything(reference)
    first = steps.close()
    submission(tmp_path / "inbox" / "194" / "b.xlsx", "194")
    load_everything(reference)
    with reference.connect("publisher") as connection:
        assert closed_batches(connection) == [*of_lists, first]
    second = steps.close()
    assert second not in (None, first)
    assert steps.close() == second, "whoever closed it may not have told anybody"
    with reference.connect("publisher") as connection:
        connection.execute("update ops.batches set state = 'published'")
    assert steps.close() is None


def load_everything(warehouse: ModuleType) -> dict[str, set[tuple]]:
    """Loads what is in the inbox; (form, state, rows loaded, rows refused) of each file's loads."""
    for reporter in steps.collect():
        steps.load(reporter)
    loads: dict[str, set[tuple]] = {}
    with warehouse.connect("auditor") as connection:
        for file_name, *load in connection.execute(
            """
            select file_name, form, state, rows_loaded, rows_refused
            from ops.loads inner join ops.deliveries using (delivery_id)
            """
        ):
            loads.setdefault(file_name, set()).add(tuple(load))
    return loads


def assert_problem(warehouse: ModuleType, file_name: str, rule: str, place: str | None, words: str) -> None:
    """There is one problem with that file: of that rule, at that cell, said with these words."""
    with warehouse.connect("auditor") as connection:
        problems = connection.execute(
            """
            select rule, cell, message
            from raw.problems
            inner join ops.loads using (load_id)
            inner join ops.deliveries using (delivery_id)
            where file_name = %s
            """,
            [file_name],
        ).fetchall()
    assert [problem[0] for problem in problems] == [rule], problems
    _, found, message = problems[0]
    assert words in message
    assert place is None or (found or "").startswith(place)
