"""The declarations: forms, reference lists, and what is generated from them."""

from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from mangnon.contract import dbt_files, page
from mangnon.contract.code_lists import REFERENCE_FOLDER, CodeLists, packaged_rows
from mangnon.contract.forms import FOLDER, all_forms, reference_forms, submission_forms

FORM_KEYS = {
    *("name", "title", "kind", "order", "tables", "whole", "description", "grain", "help", "aliases", "totals"),
    "fields",
}
FIELD_KEYS = {
    *("name", "title", "type", "description", "help", "aliases", "codes", "categories", "unit", "format", "default"),
    *("trueValues", "falseValues", "groupChar", "decimalChar", "constraints", "filter", "kind_of", "empty", "only_for"),
    "may_be_missing",
}


@pytest.fixture(scope="module")
def code_lists() -> CodeLists:
    return CodeLists.from_package()


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yml")), ids=lambda path: path.stem)
def test_a_form_uses_only_known_keys(path):
    declared = yaml.safe_load(path.read_text())

    # A comma in an unquoted description of a `{…}` silently cuts it and makes a key of the rest.
    assert set(declared) <= FORM_KEYS
    assert [set(field) - FIELD_KEYS for field in declared["fields"]] == [set()] * len(declared["fields"])


@pytest.mark.parametrize("form", all_forms().values(), ids=lambda form: form.name)
def test_titles_and_aliases_name_one_field_each(form):
    titles = [title for field in form.fields for title in {field.name, field.title, *field.aliases}]

    assert [title for title, count in Counter(titles).items() if count > 1] == []
    assert all(field.description for field in form.fields)


@pytest.mark.parametrize("form", submission_forms(), ids=lambda form: form.name)
def test_totals_are_whole_numbers_of_the_form(form):
    assert {form.field(name).type for name in form.totals} == {"integer"}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (page.CONTRACT_PAGE, page.contract_page()),
        (page.SOURCE_PROPERTIES, page.source_properties()),
        *dbt_files.files().items(),
    ],
    ids=lambda value: value.name if isinstance(value, Path) else "",
)
def test_what_is_made_from_the_forms_is_not_stale(path, text):
    assert path.read_text(encoding="utf-8") == text, "run: python -m mangnon.contract.page"


def test_no_view_of_the_marts_is_left_that_nothing_declares():
    assert dbt_files.left_over() == [], "run: python -m mangnon.contract.page"


def test_every_raw_column_is_described_in_dbt_sources():
    tables = yaml.safe_load(page.source_properties())["sources"][0]["tables"]

    assert [table["name"] for table in tables] == list(all_forms())
    for table in tables:
        names = [column["name"] for column in table["columns"]]
        assert names[:4] == ["load_id", "line", "sheet_name", "row_number"]
        assert names[4:] == [field.name for field in all_forms()[table["name"]].fields]
        assert all(column["description"] for column in table["columns"])


@pytest.mark.parametrize("form", [form.name for form in reference_forms()])
def test_a_packaged_list_is_a_delivery_of_its_form(form):
    lines = (REFERENCE_FOLDER / f"{form}.csv").read_text(encoding="utf-8").splitlines()

    assert lines[:2] == ["#reporter,_reference", f"#form,{form}"]
    assert lines[2].split(",") == [field.name for field in all_forms()[form].fields]


def test_versions_of_an_area_do_not_overlap():
    rows = packaged_rows("areas")

    for code in {row["area_code"] for row in rows}:
        versions = sorted((row for row in rows if row["area_code"] == code), key=lambda row: row["valid_from"])
        assert all(earlier["valid_until"] == later["valid_from"] for earlier, later in pairwise(versions))


@pytest.mark.parametrize(
    ("period", "districts", "types"),
    [
        (date(2019, 12, 1), 14, {"city": 4, "town": 2, "district": 8}),
        (date(2020, 1, 1), 13, {"city": 4, "town": 2, "district": 7}),
        (date(2024, 11, 1), 13, {"city": 5, "town": 1, "district": 7}),
    ],
)
def test_districts_of_each_regime(code_lists, period, districts, types):
    members = [area for area in code_lists.members("areas", period) if area.parent == "22"]
    reporters = [r for r in code_lists.reporters.values() if r.kind == "district" and r.is_valid_in(period)]

    assert len(members) == len(reporters) == districts
    assert Counter(area.kind for area in members) == types
    assert {reporter.area for reporter in reporters} == {area.code for area in members}


def test_communes_take_the_place_of_districts(code_lists):
    period = date(2025, 7, 1)
    members = [area for area in code_lists.members("areas", period) if area.parent == "22"]
    reporters = [r for r in code_lists.reporters.values() if r.is_valid_in(period) and r.kind != "provincial_body"]

    assert Counter(area.kind for area in members) == {"ward": 30, "commune": 22, "special_zone": 2}
    assert {reporter.kind for reporter in reporters} == {"commune"}
    assert {reporter.area for reporter in reporters} <= {area.code for area in members}


def test_ha_long_has_a_new_version_when_hoanh_bo_joins():
    versions = [row for row in packaged_rows("areas") if row["area_code"] == "193"]

    assert [row["legal_act"] for row in versions] == ["", "837/NQ-UBTVQH14"]
    assert versions[1]["valid_from"] == "2020-01-01"


@pytest.mark.parametrize("period", [date(2019, 6, 1), date(2020, 6, 1), date(2024, 12, 1), date(2025, 7, 1)])
def test_a_label_means_one_code(code_lists, period):
    names = {"areas", *(row["list"] for row in packaged_rows("codes"))}

    for name in names:
        labels = Counter(code.label.casefold() for code in code_lists.members(name, period))
        assert [label for label, count in labels.items() if count > 1] == []


def test_legal_groups_keep_the_letters_and_order_of_the_law(code_lists):
    groups = [code.code for code in code_lists.members("special_circumstances", date(2020, 1, 1))]

    assert groups == ["all", "special", "at_risk", *"abcdđeghiklmno"]


def test_a_resolution_is_offered_only_while_it_is_valid(code_lists):
    def offered(period):
        return [code.code for code in code_lists.members("funding_instruments", period)]

    assert offered(date(2020, 12, 1)) == ["222/2015/NQ-HĐND", "91/2017/NQ-HĐND"]
    assert offered(date(2021, 1, 1)) == ["91/2017/NQ-HĐND"]


def test_age_bands_follow_one_another_and_are_cut_at_16():
    bands = [row for row in packaged_rows("codes") if row["list"] == "age_bands"]

    assert all(younger["until_age"] == older["from_age"] for younger, older in pairwise(bands))
    assert [row["kind"] for row in bands if row["from_age"] == "16"] == ["adolescent"]


def test_figures_name_only_what_exists():
    lists = {name: {row["code"] for row in packaged_rows("codes") if row["list"] == name} for name in _list_names()}
    kinds = {row["kind"] for row in packaged_rows("codes")}
    figures = packaged_rows("figures")

    assert [row["figure"] for row in figures] == [f"F{number:02}" for number in range(1, 34)]
    for row in figures:
        form = all_forms()[row["form"]]
        assert form.field(row["measure"]).type == "integer"
        for column in ("event_type", "programme", "occasion", "special_circumstance"):
            assert not row[column] or row[column] in lists[form.field(column).codes]
        for column in ("programme_kind", "funding_kind"):
            assert not row[column] or row[column] in kinds
        assert not row["distinct_of"] or form.field(row["distinct_of"]).codes
        assert bool(row["compared_figure"]) == (row["aggregation"] == "change")
        assert bool(row["denominator"]) == (row["aggregation"] == "percent")


def _list_names():
    return {row["list"] for row in packaged_rows("codes")}
