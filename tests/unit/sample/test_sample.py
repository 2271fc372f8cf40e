"""The sample: its totals are the published figures, and it is true to what is known."""

import csv
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path

import openpyxl
import pytest

from mangnon.contract.code_lists import CodeLists, month_after, packaged_rows
from mangnon.contract.forms import all_forms
from mangnon.sample.submissions import Row, Submission, share, submissions

PUBLISHED = Path(__file__).parents[2] / "fixtures" / "figures_2020.csv"
FIGURES = {row["figure"]: row for row in packaged_rows("figures")}
KINDS = {(row["list"], row["code"]): row["kind"] for row in packaged_rows("codes")}
FILTERS = ("event_type", "programme", "occasion", "special_circumstance", "incident_class")
DISTRICT_CODES = {str(code) for code in range(193, 208)} - {"197"}


@pytest.fixture(scope="module")
def sample() -> list[Submission]:
    return list(submissions())


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> list[Path]:
    """Two folders with the sample's files, written by processes that hash in different orders."""
    folders = [tmp_path_factory.mktemp("sample") for _ in range(2)]
    command = "import sys, pathlib, mangnon.sample as s; print(s.write_sample(pathlib.Path(sys.argv[1])))"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", command, folder],
            env=os.environ | {"PYTHONHASHSEED": str(seed)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed, folder in enumerate(folders)
    ]
    counts = [int(writer.communicate()[0]) for writer in writers]
    assert counts == [len(list(folder.glob("*/*"))) for folder in folders]
    return folders


def lines_of(sample: list[Submission], figure: dict[str, str], year: int) -> Iterator[Row]:
    """The lines that the figure is made from: of a snapshot only each reporter's last."""
    sent = [entry for entry in sample if entry.period.year == year and figure["form"] in entry.lines]
    if all_forms()[figure["form"]].kind == "snapshot":
        sent = list({entry.reporter: entry for entry in sorted(sent, key=lambda entry: entry.period)}.values())
    for line in (line for entry in sent for line in entry.lines[figure["form"]]):
        kinds = {
            "programme_kind": KINDS.get(("programmes", line.get("programme"))),
            "funding_kind": KINDS.get(("funding_instruments", line.get("funding_instrument"))),
        }
        wanted: dict[str, object] = {column: figure[column] for column in (*FILTERS, *kinds) if figure[column]}
        wanted["is_subset"] = figure["is_subset"] == "true"
        described = {"is_subset": False} | line | kinds
        if wanted.items() <= described.items() and line.get(figure["measure"]) is not None:
            yield line


def value_of(sample: list[Submission], figure: dict[str, str], year: int) -> tuple[int, str]:
    """The figure and its qualifier, computed by its definition straight from the lines."""
    lines = list(lines_of(sample, figure, year))
    total = sum(line[figure["measure"]] for line in lines)
    qualifiers = {line.get("qualifier", "eq") for line in lines if figure["measure"] != "event_count"}
    qualifier = next((name for name in ("approx", "gte") if name in qualifiers), "eq")
    match figure["aggregation"]:
        case "count_distinct":
            return len({line[figure["distinct_of"]] for line in lines if line[figure["measure"]]}), qualifier
        case "percent":
            return 100 * total // sum(line[figure["denominator"]] for line in lines), qualifier
        case "change":
            compared = FIGURES[figure["compared_figure"]]
            return total - value_of(sample, compared, year - 1)[0], qualifier
    return total, qualifier


with PUBLISHED.open(encoding="utf-8", newline="") as file:
    PUBLISHED_FIGURES = list(csv.DictReader(file))


@pytest.mark.parametrize("published", PUBLISHED_FIGURES, ids=lambda row: row["figure"])
def test_the_sample_adds_up_to_the_published_figure(sample, published):
    figure = FIGURES[published["figure"]]

    assert value_of(sample, figure, 2020) == (int(published["value"]), published["qualifier"])
    assert (figure["unit"], figure["form"]) == (published["unit"], published["form"])


def test_2019_has_the_incidents_of_14_districts_and_nothing_else(sample):
    sent = [entry for entry in sample if entry.period.year == 2019]

    assert {(entry.reporter, entry.period.month) for entry in sent} == {
        (district, month) for district in DISTRICT_CODES for month in range(1, 13)
    }
    assert {form for entry in sent for form in entry.lines} == {"incidents"}
    assert not any("victims" in line for entry in sent for line in entry.lines["incidents"])


def test_2020_has_13_districts_and_the_provincial_bodies_each_month(sample):
    sent = {(entry.reporter, entry.period.month): entry for entry in sample if entry.period.year == 2020}
    reporters = DISTRICT_CODES - {"204"} | {"SLDTBXH", "HLHPN", "TINHDOAN"}
    expected = CodeLists.from_package().reporters

    assert set(sent) == {(reporter, month) for reporter in reporters for month in range(1, 13)}
    for (reporter, _), entry in sent.items():
        assert set(entry.lines) == set(expected[reporter].expected_forms)


def test_occasions_have_their_true_dates_and_every_date_is_in_its_month(sample):
    occasions = defaultdict(set)
    for entry in sample:
        for line in (line for lines in entry.lines.values() for line in lines):
            day = line.get("support_date")
            assert day is None or entry.period <= day < month_after(entry.period)
            occasions[line.get("occasion")].add(day)

    assert occasions["children_day"] == {date(2020, 6, 1)}
    assert occasions["mid_autumn"] == {date(2020, 10, 1)}


def test_subsets_are_no_more_than_their_wholes(sample):
    for entry in sample:
        for form in ("beneficiaries", "incidents", "child_population"):
            attributes = ("area", "occasion", "incident_class", "special_circumstance")
            wholes: dict[tuple, int] = defaultdict(int)
            subsets: dict[tuple, int] = defaultdict(int)
            for line in entry.lines.get(form, []):
                group = tuple(line.get(name) for name in attributes)
                for measure in ("attendances", "victims", "deaths", "children"):
                    (subsets if line.get("is_subset") else wholes)[*group, measure] += line.get(measure, 0)
            assert all(count <= wholes[key] for key, count in subsets.items())


def test_parts_of_incidents_of_2020_are_the_whole_of_their_victims(sample):
    victims: dict[tuple[str, bool], int] = defaultdict(int)
    for line in (line for entry in sample if entry.period.year == 2020 for line in entry.lines.get("incidents", [])):
        victims[line["incident_class"], bool(line.get("is_subset"))] += line.get("victims", 0) + line.get("deaths", 0)
        assert line.get("victims", 0) >= line.get("cases", 0)

    assert victims["abuse", True] == victims["abuse", False]
    assert victims["injury", True] == victims["injury", False]


def test_both_resolutions_pay_for_all_kinds_of_support(sample):
    lines = [line for entry in sample for line in entry.lines.get("beneficiaries", []) if "funding_instrument" in line]

    assert len({(line["funding_instrument"], line["support_type"]) for line in lines}) == 2 * 4


def test_share_gives_whole_parts_that_add_up():
    assert share(10, {"a": 1, "b": 1, "c": 1}) == {"a": 4, "b": 3, "c": 3}
    assert share(0, {"a": 1}) == {"a": 0}


def test_the_same_files_come_out_each_time(files):
    first, second = (
        {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.glob("*/*")} for folder in files
    )

    assert first == second
    assert len(set(first.values())) == len(first)


def test_one_district_sends_csv_files_in_vietnamese(files):
    text = (files[0] / "207" / "207-2020-10-beneficiaries.csv").read_text(encoding="utf-8")

    assert text.startswith("#reporter,207\n#period,2020-10\n#form,beneficiaries\n#revision,1\n")
    assert "#synthetic,true" in text
    assert "Huyện Cô Tô,01/10/2020,Tết Trung thu" in text
    assert len([path for path in files[0].glob("207/*") if path.suffix == ".csv"]) == 5 * 12


def test_a_workbook_says_that_it_is_a_sample(files):
    workbook = openpyxl.load_workbook(files[0] / "193" / "193-2020-03.xlsx", read_only=True)
    cover = dict(workbook["Bìa"].iter_rows(min_row=4, max_row=9, max_col=2, values_only=True))

    assert cover["Dữ liệu mẫu (giả định)"] == "x"
