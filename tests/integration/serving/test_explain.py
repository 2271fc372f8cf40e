"""From a figure to the cells that make it: they add up, and they stand where the explanation says."""

import csv
import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from openpyxl import load_workbook
from support.lists import deliver, packaged

from mangnon.cli.explain import explain
from mangnon.contract.code_lists import CodeLists
from mangnon.contract.template import write_template
from mangnon.failures import Failure
from mangnon.intake import archive
from mangnon.reading.layout import plain_header
from mangnon.serving import explanation
from mangnon.serving.explanation import NothingToExplain

LISTS = CodeLists.from_package()


def run(*arguments: str) -> str:
    """What `mangnon explain` prints."""
    result = CliRunner().invoke(explain, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def wanted(row: dict[str, str]) -> str:
    """The header of the column that the explanation names."""
    return plain_header(row["column_title"])[0]


def lines_of(file: Path, sheet_name: str) -> list[tuple[Any, ...]]:
    """The lines of a sheet of a workbook, or of a CSV, read by another program than ours."""
    if not sheet_name:
        return list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
    workbook = load_workbook(io.BytesIO(file.read_bytes()), read_only=True, data_only=True)
    return list(workbook[sheet_name].iter_rows(values_only=True))


def cells(figure: str, *arguments: str) -> list[dict[str, str]]:
    """The cells of a figure, from the CSV."""
    return list(csv.DictReader(io.StringIO(run(figure, "--year", "2020", "--format", "csv", *arguments))))


def test_the_parts_of_all_33_figures_make_what_was_published(published: ModuleType) -> None:
    with published.connect("auditor") as connection:
        figures = connection.execute(
            "select figure, value, unit from marts.annual_report where year = 2020 order by figure_sort_order"
        ).fetchall()
        explanations = {figure: explanation.explain(connection, figure, 2020) for figure, *_ in figures}
    assert len(figures) == 33
    assert {figure: explanation.value for figure, explanation in explanations.items()} == {
        figure: value for figure, value, _ in figures
    }
    assert all(explanation.parts and explanation.agrees for explanation in explanations.values())


@pytest.mark.parametrize(
    ("figure", "make"),
    [
        ("F13", lambda rows: sum(Decimal(row["value"]) for row in rows)),  # a sum
        ("F26", lambda rows: len({row["member"] for row in rows})),  # different ones
        ("F30", lambda rows: sum(Decimal(row["value"]) * (1 if row["year"] == "2020" else -1) for row in rows)),
    ],
)
def test_the_csv_can_be_added_up_by_anyone(
    published: ModuleType, figure: str, make: Callable[[list[dict[str, str]]], Decimal]
) -> None:
    with published.connect("auditor") as connection:
        row = connection.execute(
            "select value from marts.annual_report where year = 2020 and figure = %s", [figure]
        ).fetchone()
    assert row is not None
    assert make(cells(figure)) == row[0]


@pytest.mark.parametrize("figure", ["F02", "F25", "F28"])
def test_the_named_cells_of_the_archived_file_hold_the_values(published: ModuleType, figure: str) -> None:
    rows = cells(figure)
    for row in [rows[0], rows[-1]]:
        assert Path(row["archived"]).name == row["sha256"]
        with archive.archived(row["sha256"]) as file:
            lines = lines_of(file, row["sheet_name"])
        (column,) = {
            place for line in lines for place, cell in enumerate(line) if plain_header(str(cell))[0] == wanted(row)
        }
        assert int(lines[int(row["row_number"]) - 1][column]) == int(row["value"])


def test_the_text_ends_with_the_sum_and_says_that_it_agrees(published: ModuleType) -> None:
    text = run("f13", "--year", "2020")
    assert "17.316.469.000" in text.splitlines()[-2]
    assert text.splitlines()[-1].endswith("Khớp.")
    for words in ("sha256", "trang “", "cột “", "lần gửi 1", "giả định"):
        assert words in text


def test_a_percentage_names_both_sums(published: ModuleType) -> None:
    text = run("F28", "--year", "2020")
    assert text.splitlines()[-2].startswith("Tổng: 100")
    assert {row["measure"] for row in cells("F28")} == {"children", "children_supported"}


def test_an_explanation_that_does_not_add_up_says_so(published: ModuleType) -> None:
    with published.connect() as connection:
        connection.execute("update core.computed_annual_report set value = value + 1 where figure = 'F01'")
    assert "KHÔNG KHỚP" in run("F01", "--year", "2020")


def test_each_release_is_explained_by_its_own_rows(
    published: ModuleType, tmp_path: Path, run_night: Callable[[], int | None]
) -> None:
    workbook = tmp_path / "inbox" / "193" / "again.xlsx"
    workbook.parent.mkdir(parents=True)
    line = {"area": "193", "event_type": "training", "event_count": 1, "attendances": 40}
    write_template(
        workbook, LISTS.reporters["193"], date(2020, 7, 1), LISTS, {"events": [line]}, revision=2, reason="thiếu lớp",
        synthetic=True,
    )  # fmt: skip
    assert run_night() == 2
    now, before = (explained(published, release) for release in (2, 1))
    assert now.agrees
    assert before.agrees
    assert [part.value for part in now.parts if part.file_name == "again.xlsx"] == [1]
    assert not [part for part in before.parts if part.file_name == "again.xlsx"]


def explained(warehouse: ModuleType, release: int) -> explanation.Explanation:
    with warehouse.connect("auditor", release) as connection:
        return explanation.explain(connection, "F03", 2020)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["F99", "--year", "2020"], "no figure F99 of 2020"),
        (["F01", "--year", "1999"], "no figure F01 of 1999"),
        (["F01", "--year", "2020", "--release", "7"], "there is no published release 7"),
    ],
)
def test_what_cannot_be_explained_is_said_in_a_sentence(
    published: ModuleType, arguments: list[str], message: str
) -> None:
    result = CliRunner().invoke(explain, arguments)
    assert isinstance(result.exception, NothingToExplain)
    assert isinstance(result.exception, Failure)
    assert message in str(result.exception)


def test_a_hostile_list_of_figures_is_refused(
    published: ModuleType, tmp_path: Path, run_night: Callable[[], int | None]
) -> None:
    hostile = "value; drop table core.fct_events; --"
    outcome = deliver(
        tmp_path, "figures", f"{packaged('figures')}F98,Thử,Thử,buổi,events,{hostile},sum,,,,,,,,,,,false,98,\n"
    )
    assert outcome.reasons == [f"Dòng 37, cột “measure”: biểu “events” không có cột số tên “{hostile}”."]
    assert run_night() is None
    with published.connect("auditor") as connection, pytest.raises(NothingToExplain, match="has no figure F98"):
        explanation.explain(connection, "F98", 2020)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("form", "pg_roles", "form “pg_roles” is no form of submissions"),
        ("form", "figures", "form “figures” is no form of submissions"),
        ("measure", "qualifier", "measure “qualifier” is no measure of the form events"),
        ("denominator", "attendances)", "denominator “attendances\\)” is no measure of the form events"),
        ("distinct_of", "reporters.name", "distinct_of “reporters.name” cannot be counted"),
        ("occasion", "mid_autumn", "occasion “mid_autumn” is asked for, which the form events does not have"),
    ],
)
def test_a_definition_that_asks_for_what_no_form_has_is_named(
    published: ModuleType, column: str, value: str, message: str
) -> None:
    with published.connect() as connection:
        connection.execute(f"update core.dim_figures set {column} = %s where figure = 'F01'".encode(), [value])
    with published.connect("auditor") as connection, pytest.raises(NothingToExplain, match=message):
        explanation.explain(connection, "F01", 2020)


def test_a_pruned_release_says_that_its_rows_are_gone(published: ModuleType) -> None:
    with published.connect() as connection:
        connection.execute("update ops.releases set pruned_at = now()")
    result = CliRunner().invoke(explain, ["F01", "--year", "2020"])
    assert "release 1 was pruned" in str(result.exception)
    with psycopg.connect(published.reader_url()) as reader:
        assert reader.execute("select count(*) from marts.annual_report where year = 2020").fetchone() == (33,)
