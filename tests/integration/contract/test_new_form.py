"""A form, and a filter of figures, are declared once: a copy of the project gets both, and does a night with them."""

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest

from mangnon.settings import PROJECT, settings

NEW_FORM = PROJECT / "tests" / "fixtures" / "new_form"
NEW_FILTER = "  - {name: sex, title: Sex, type: string, filter: true, description: Only lines of this sex.}\n"
VISITS = {"form": "home_visits", "measure": "visit_count", "aggregation": "sum", "is_subset": "false"}
VISITS |= {"section": "Thăm hộ gia đình", "unit": "cuộc"}
NEW_FIGURES = (
    VISITS | {"figure": "F34", "label": "Cuộc thăm hộ gia đình", "sort_order": "34"},
    VISITS | {"figure": "F35", "label": "Cuộc thăm trẻ em gái", "sort_order": "35", "sex": "female"},
)

NIGHT = """
import sys
from datetime import date
from collections.abc import Iterator
from pathlib import Path

from mangnon.contract.code_lists import CodeLists
from mangnon.contract.template import write_template
from mangnon.deployment import deploy
from mangnon.intake import steps
from mangnon.publishing import lists, phases

deploy.deploy()
lists.deliver_packaged()
lists = CodeLists.from_package()
lines = [
    {"area": "193", "visited_on": date(2020, 12, 3), "sex": "female", "visit_count": 5},
    {"area": "193", "sex": "male", "visit_count": 7},
    {"area": "193", "visit_count": 30, "qualifier": "approx"},
]
path = Path(sys.argv[1]) / "193" / "visits.xlsx"
path.parent.mkdir(parents=True, exist_ok=True)
write_template(path, lists.reporters["193"], date(2020, 12, 1), lists, {"home_visits": lines}, synthetic=True)
for reporter in steps.collect():
    steps.load(reporter)
steps.close()
assert phases.publish_all() == 2
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A copy of the project with the new form, a new filter, and two figures that use both."""
    copy = tmp_path / "project"
    for folder in ("src", "dbt_project", "expectations", "docs"):
        shutil.copytree(PROJECT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.copytree(NEW_FORM, copy, dirs_exist_ok=True)
    with (copy / "src/mangnon/contract/figures.yml").open("a", encoding="utf-8") as file:
        file.write(NEW_FILTER)
    _add_figures(copy / "src/mangnon/contract/reference/figures.csv")
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(settings().home / "bi_reader.password", home)
    with pytest.MonkeyPatch.context() as patch:  # undone before the warehouse goes, whose server is not in this home
        patch.setenv("MANGNON_HOME", str(home))
        yield copy


def test_a_new_form_and_a_new_filter_are_declared_once(published: ModuleType, project: Path, tmp_path: Path) -> None:
    figures = "select figure, year, value from marts.annual_report where figure <= 'F33' order by figure, year"
    with published.connect() as connection:
        before = connection.execute(figures).fetchall()
    _run(project, "-m", "mangnon.contract.page")
    _run(project, "-c", NIGHT, str(tmp_path / "inbox"))

    with published.connect() as connection:
        visits = connection.execute(
            """
            select visits.date_id, dim_sexes.sex, visits.visit_count, visits.qualifier
            from marts.fct_home_visits as visits
            inner join marts.dim_sexes using (sex)
            inner join marts.dim_areas using (area_version)
            where dim_areas.area_code = '193'
            order by visits.line
            """
        ).fetchall()
        report = connection.execute(
            "select figure, value from marts.annual_report where year = 2020 and figure > 'F33' order by figure"
        ).fetchall()
        assert connection.execute(figures).fetchall() == before
    assert visits == [
        (date(2020, 12, 3), "female", 5, "eq"),
        (date(2020, 12, 1), "male", 7, "eq"),
        (date(2020, 12, 1), "total", 30, "approx"),
    ]
    assert report == [("F34", 42), ("F35", 5)]
    explained = _run(project, "-m", "mangnon.cli", "explain", "F35", "--year", "2020")
    assert "dòng 4, cột “Số cuộc thăm”: 5" in explained
    assert "Khớp." in explained


def _add_figures(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(f"{line}\n" for line in lines if line.startswith("#"))
        writer = csv.DictWriter(file, [*rows[0], "sex"], lineterminator="\n")
        writer.writeheader()
        writer.writerows([*rows, *NEW_FIGURES])


def _run(project: Path, *arguments: str) -> str:
    """Runs Python with the copy's code, on the warehouse of the test."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(project / "src"), str(project)])}
    result = subprocess.run([sys.executable, *arguments], cwd=project, env=environment, text=True, capture_output=True)
    assert result.returncode == 0, result.stderr[-6000:]
    return result.stdout
