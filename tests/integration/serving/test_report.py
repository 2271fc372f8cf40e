"""The sample through the whole warehouse: every published figure of 2020 comes out of the marts, with its qualifier."""

import csv
import io
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import psycopg
import pytest
from click.testing import CliRunner

from mangnon.cli.main import cli

PUBLISHED = Path(__file__).parents[2] / "fixtures" / "figures_2020.csv"


def report(*arguments: str) -> str:
    """What `mangnon report` prints."""
    result = CliRunner().invoke(cli, ["report", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_all_33_figures_are_those_that_were_published(published: ModuleType) -> None:
    rows = list(csv.DictReader(io.StringIO(report("--year", "2020", "--format", "csv"))))
    assert list(rows[0]) == [
        "figure", "value", "qualifier", "unit", "label", "previous_value", "change", "release_id",
        "expected_reporters", "complete_reporters", "expected_districts", "complete_districts",
    ]  # fmt: skip
    expected = {row["figure"]: row for row in csv.DictReader(PUBLISHED.open())}
    assert len(expected) == 33
    assert {row["figure"]: (Decimal(row["value"]), row["qualifier"], row["unit"]) for row in rows} == {
        figure: (Decimal(row["value"]), row["qualifier"], row["unit"]) for figure, row in expected.items()
    }
    assert {row["release_id"] for row in rows} == {"1"}


def test_changes_on_2019_are_those_that_the_report_states(published: ModuleType) -> None:
    rows = {row["figure"]: row for row in csv.DictReader(io.StringIO(report("--year", "2020", "--format", "csv")))}
    assert (rows["F29"]["previous_value"], rows["F29"]["change"]) == ("29", "-1")
    assert (rows["F31"]["previous_value"], rows["F31"]["change"]) == ("28", "-2")
    # The victims of 2019 are not stated anywhere: not known is not zero.
    assert (rows["F32"]["previous_value"], rows["F32"]["change"]) == ("", "")


def test_the_text_is_vietnamese_and_says_that_the_sample_is_invented(published: ModuleType) -> None:
    text = report("--year", "2020")
    for words in (
        "49.980 lượt người", "trên 12.000.000.000 đồng", "17.316.469.000 đồng", "giảm 1 trẻ so với năm 2019",
        "13/13 huyện, 3/3 đơn vị khác", "giả định",
    ):  # fmt: skip
        assert words in text


def test_every_figure_says_that_13_of_13_districts_have_reported(published: ModuleType) -> None:
    rows = list(csv.DictReader(io.StringIO(report("--year", "2020", "--format", "csv"))))
    of_districts = [row for row in rows if row["expected_districts"] != "0"]
    assert {(row["complete_districts"], row["expected_districts"]) for row in of_districts} == {("13", "13")}
    figures = [line for line in report("--year", "2020").splitlines() if line.startswith("  F")]
    assert sum("13/13 huyện" in line for line in figures) == len(of_districts) == 33
    # No provincial body reports incidents.
    assert "khác" not in next(line for line in figures if "F29" in line)


def test_a_year_without_figures_is_said(published: ModuleType) -> None:
    result = CliRunner().invoke(cli, ["report", "--year", "1999"])
    assert "no published release has figures of 1999" in str(result.exception)


def test_status_says_what_was_published(published: ModuleType) -> None:
    result = CliRunner().invoke(cli, ["status"], catch_exceptions=False)
    assert "published" in result.output
    assert "synthetic" in result.output


@pytest.mark.parametrize(("year", "districts"), [(2019, 14), (2020, 13)])
def test_a_dashboard_counts_the_districts_of_each_year(published: ModuleType, year: int, districts: int) -> None:
    with psycopg.connect(published.reader_url()) as reader:
        row = reader.execute(
            """
            select count(distinct dim_areas.area_code), bool_and(fct_incidents.is_synthetic)
            from marts.fct_incidents
            inner join marts.dim_areas using (area_version)
            inner join marts.dim_dates using (date_id)
            where dim_dates.year = %s
            """,
            [year],
        ).fetchone()
    assert row == (districts, True)
