"""The fingerprint: it changes with what decides a load's rows, and with nothing else."""

import shutil
from collections.abc import Callable
from pathlib import Path

import grimp
import pytest

from mangnon.ledger import fingerprint
from mangnon.ledger.fingerprint import hash_of_code
from mangnon.settings import PROJECT

Edit = Callable[[Path], object]

# What the reader may import that decides no row: how a failure is told, and where things lie.
DECIDES_NOTHING = {"mangnon", "mangnon.failures", "mangnon.settings", "mangnon.vietnamese"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project to change things in."""
    for folder in ("src/mangnon", "dbt_project"):
        shutil.copytree(PROJECT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def code(project: Path) -> str:
    return hash_of_code(project / "src" / "mangnon", project / "dbt_project")


def add(path: str) -> Edit:
    """Adds a line to a file."""

    def edit(project: Path) -> None:
        text = (project / path).read_text(encoding="utf-8")
        (project / path).write_text(text + "\n", encoding="utf-8")

    return edit


def create(path: str, text: str) -> Edit:
    return lambda project: (project / path).write_text(text, encoding="utf-8")


def put(path: str, old: str, new: str) -> Edit:
    """Writes something in the place of something else."""

    def edit(project: Path) -> None:
        text = (project / path).read_text(encoding="utf-8")
        assert old in text
        (project / path).write_text(text.replace(old, new), encoding="utf-8")

    return edit


def move(path: str, to: str) -> Edit:
    return lambda project: (project / path).rename(project / to)


CONTRACT, READING, DBT = "src/mangnon/contract", "src/mangnon/reading", "dbt_project"


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(put(f"{CONTRACT}/events.yml", "aliases: [Số đoàn]", "aliases: [Số đoàn, Đoàn]"), id="form"),
        pytest.param(put(f"{CONTRACT}/events.yml", "title: Số đoàn", "title: Số phái đoàn"), id="title of a field"),
        pytest.param(create(f"{CONTRACT}/visits.yml", "name: visits\n"), id="new form"),
        pytest.param(put(f"{CONTRACT}/figures.yml", "kind_of: programme", "filter: true"), id="filter"),
        pytest.param(add(f"{CONTRACT}/forms.py"), id="how forms are read"),
        pytest.param(add(f"{CONTRACT}/code_lists.py"), id="which codes are valid"),
        pytest.param(add(f"{READING}/values.py"), id="reader of cells"),
        pytest.param(add(f"{READING}/files/delimited.py"), id="reader of files"),
        pytest.param(create(f"{READING}/names.txt", "Hạ Long\n"), id="data of the reader"),
        pytest.param(put(f"{READING}/problems.yml", "severity: info", "severity: critical"), id="how grave a find is"),
        pytest.param(add("src/mangnon/intake/rows.py"), id="rows of raw"),
        pytest.param(add(f"{DBT}/models/staging/raw/stg_events.sql"), id="staging"),
        pytest.param(add(f"{DBT}/models/core/dimensions/dim_areas.sql"), id="dimension"),
        pytest.param(add(f"{DBT}/models/core/facts/fct_incidents.sql"), id="fact"),
        pytest.param(add(f"{DBT}/models/core/facts/agg_measures.sql"), id="aggregate"),
        pytest.param(put(f"{DBT}/macros/facts.sql", "left join", "inner join"), id="macro of facts"),
        pytest.param(
            put(f"{DBT}/macros/dimensions.sql", "from members", "from members where true"), id="macro of a model"
        ),
        pytest.param(put(f"{DBT}/macros/names.sql", "999999", "888888"), id="macro of a macro"),
        pytest.param(put(f"{DBT}/macros/contract.sql", "'victims', ", ""), id="what is added up"),
    ],
)
def test_what_decides_rows_makes_loads_stale(project: Path, edit: Edit) -> None:
    before = code(project)
    edit(project)
    assert code(project) != before


@pytest.mark.parametrize("library", ["numpy", "olefile", "pyarrow", "python_calamine", "viparse"])
def test_another_version_of_a_library_that_parses_makes_loads_stale(
    project: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    before, version = code(project), fingerprint.version
    monkeypatch.setattr(fingerprint, "version", lambda name: "0" if name == library else version(name))
    assert code(project) != before


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda _: None, id="nothing"),
        pytest.param(move(f"{READING}/values.py", f"{READING}/files/numbers.py"), id="a module moves"),
        pytest.param(move(f"{DBT}/macros/names.sql", f"{DBT}/macros/keys.sql"), id="a file of macros is renamed"),
        pytest.param(move(f"{CONTRACT}/events.yml", f"{CONTRACT}/activities.yml"), id="a form's file is renamed"),
        pytest.param(put(f"{CONTRACT}/events.yml", "help: Số nguyên", "help: Một số nguyên"), id="help"),
        pytest.param(put(f"{CONTRACT}/events.yml", "description: The kind", "description: Kind"), id="description"),
        pytest.param(put(f"{READING}/problems.yml", "Hãy gửi lại tệp", "Xin gửi lại tệp"), id="wording of a find"),
        pytest.param(put(f"{READING}/problems.yml", "title: Tệp rỗng", "title: Tệp trống"), id="title of a find"),
        pytest.param(add(f"{CONTRACT}/template.py"), id="blank workbook"),
        pytest.param(add(f"{CONTRACT}/page.py"), id="contract page"),
        pytest.param(add(f"{CONTRACT}/reference/areas.csv"), id="packaged list, which comes as a delivery"),
        pytest.param(add(f"{READING}/isolation/limits.py"), id="in which process a file is read"),
        pytest.param(add("src/mangnon/intake/loads.py"), id="what a load is noted with"),
        pytest.param(add("src/mangnon/serving/annual_report.py"), id="printed report"),
        pytest.param(add(f"{DBT}/dbt_project.yml"), id="settings of dbt"),
        pytest.param(add(f"{DBT}/models/staging/raw/_raw__models.yml"), id="documentation"),
        pytest.param(add(f"{DBT}/models/staging/ops/stg_verdicts.sql"), id="verdicts as they were read"),
        pytest.param(add(f"{DBT}/models/core/verdicts/agg_verdicts.sql"), id="verdicts"),
        pytest.param(add(f"{DBT}/models/core/computed/computed_annual_report.sql"), id="annual report"),
        pytest.param(add(f"{DBT}/models/core/intermediate/int_cuts.sql"), id="intermediate"),
        pytest.param(add(f"{DBT}/models/marts/about_release.sql"), id="view"),
        pytest.param(add(f"{DBT}/macros/published_view.sql"), id="how views are made"),
        pytest.param(put(f"{DBT}/macros/releases.sql", "-infinity", "infinity"), id="macro of release tables"),
    ],
)
def test_what_only_shows_or_explains_makes_no_load_stale(project: Path, edit: Edit) -> None:
    before = code(project)
    edit(project)
    assert code(project) == before


def test_all_that_the_reader_imports_is_in_the_fingerprint() -> None:
    graph = grimp.build_graph("mangnon")
    reader = {name for name in graph.modules if name.startswith("mangnon.reading.")}
    reader -= {name for name in reader if name.startswith("mangnon.reading.isolation.")}
    imported = reader.union(*(graph.find_upstream_modules(name) for name in reader))
    package = PROJECT / "src" / "mangnon"
    hashed = {
        ".".join(("mangnon", *path.relative_to(package).with_suffix("").parts)).removesuffix(".__init__")
        for pattern in fingerprint.READER
        for path in package.glob(pattern)
    }
    assert {name for name in imported if not _is_package(name)} <= hashed | DECIDES_NOTHING


def _is_package(name: str) -> bool:
    return (PROJECT / "src" / Path(*name.split("."))).is_dir()
