"""Fixtures on a real PostgreSQL: one embedded server for the session, and for each test a database of its own."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

# Each worker of pytest has a server and an Airflow of its own, which its tests may kill.
os.environ["MANGNON_HOME"] = str(Path(__file__).parents[1] / ".mangnon-test" / os.getenv("PYTEST_XDIST_WORKER", "main"))
# Airflow writes its configuration where AIRFLOW_HOME says, as soon as it is imported.
os.environ["AIRFLOW_HOME"] = f"{os.environ['MANGNON_HOME']}/parsing"
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"

import hypothesis
import psycopg
import pytest
from support import databases, templates
from support.dbt_server import quick_dbt
from support.ledger_by_hand import Ledger
from support.nights import do_night

from mangnon import settings
from mangnon import warehouse as warehouse_module
from mangnon.intake import arrivals
from mangnon.stores.mark import MARK
from mangnon.warehouse import server

# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")

# What a .env says is for the real warehouse.
settings.ENV_FILE = Path(os.devnull)
for name in {name for name in os.environ if name.startswith(("MANGNON_", "WAREHOUSE_"))} - {"MANGNON_HOME"}:
    del os.environ[name]


# Files that tests write are whole at once; those of test_unfinished_files are not, and set their own.
arrivals.PAUSE = 0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--warehouse-url", help="test on this server, as this owner, instead of on the embedded one")


def pytest_configure(config: pytest.Config) -> None:
    if address := config.getoption("--warehouse-url"):
        try:
            databases.use(address)
        except (databases.ServerInUse, psycopg.OperationalError) as error:
            pytest.exit(f"--warehouse-url: {error}", returncode=2)


@pytest.hookimpl(tryfirst=True)  # xdist then finds the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits for Airflow comes first, so that no worker is left with it at the end; then what does nights.

    A test with a database of its own goes to whichever worker is free. The others stay with their file, whose fixtures
    they share.
    """
    alone = {"warehouse", "listed", "published", "own_warehouse", "other_server"}
    for item in items:
        if not alone & set(item.fixturenames):  # type: ignore[attr-defined]
            item.add_marker(pytest.mark.xdist_group(str(item.path)))
    first = ("airflow", "published_once", "published", "ledger", "listed", "warehouse")
    items.sort(key=lambda item: [name not in item.fixturenames for name in first])  # type: ignore[attr-defined]


def pytest_sessionfinish() -> None:
    """No server stays behind, and nothing on a server of somebody else."""
    if databases.given:
        databases.leave()
    server.stop()


@pytest.fixture(scope="session")
def home(request: pytest.FixtureRequest) -> Path:
    """The home of this worker, with the templates on its server, or on the given one."""
    asked = {name for item in request.session.items for name in item.fixturenames}
    wanted = [templates.LISTED, templates.PUBLISHED] if "published_template" in asked else [templates.LISTED]
    if not asked & {"listed_template", "published_template"}:
        wanted = []
    if databases.given:
        with pytest.MonkeyPatch.context() as patch:
            for name in ("WAREHOUSE_URL", "MANGNON_INBOX", "MANGNON_ARCHIVE", "MANGNON_OUTBOX"):
                patch.setenv(name, "")  # so that they are as they were afterwards
            templates.make_deployed()
            if templates.LISTED in wanted:
                templates.make_listed()
            if templates.PUBLISHED in wanted:
                templates.make_published()
    else:
        templates.take_over(wanted)
    return settings.settings().home


@pytest.fixture(scope="session", autouse=True)
def dbt_at_hand() -> Iterator[None]:
    """Each call of dbt forks from a process that has imported it and knows the project."""
    with quick_dbt():
        yield


@pytest.fixture(scope="session")
def deployed_template(home: Path) -> str:
    """The name of a database that was deployed and holds nothing."""
    return templates.DEPLOYED


@pytest.fixture(scope="session")
def listed_template(home: Path) -> str:
    """The name of a database in which the package's lists count, and nothing else."""
    return templates.LISTED


@pytest.fixture(scope="session")
def published_template(home: Path) -> tuple[str, Path]:
    """The name of a database in which the sample of 2019 and 2020 is release 1, and the folder of its archive."""
    return templates.PUBLISHED, home / "published"


@pytest.fixture
def warehouse(deployed_template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A deployed, empty warehouse; its inbox, archive and outbox are folders of tmp_path."""
    with databases.made("test", deployed_template) as name:
        _point_to(monkeypatch, name, tmp_path)
        yield warehouse_module


@pytest.fixture
def listed(listed_template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A warehouse in which the package's lists count, before its first night."""
    with databases.made("test", listed_template) as name:
        _point_to(monkeypatch, name, tmp_path)
        yield warehouse_module


@pytest.fixture
def ledger(warehouse: ModuleType) -> Iterator[Ledger]:
    """The ledger of an empty warehouse."""
    with warehouse.connect() as connection:
        yield Ledger(connection)


@pytest.fixture
def published(
    published_template: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ModuleType]:
    """A warehouse in which the sample is release 1; its inbox is empty."""
    template, folder = published_template
    with databases.made("test", template) as name:
        _point_to(monkeypatch, name, tmp_path)
        monkeypatch.setenv("MANGNON_ARCHIVE", str(folder / "archive"))
        yield warehouse_module


@pytest.fixture(scope="module")
def published_once(published_template: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The same, once for all tests of a module; the folder of its inbox and outbox."""
    template, archive = published_template
    folder = tmp_path_factory.mktemp("shared")
    with databases.made("shared", template) as name, pytest.MonkeyPatch.context() as patch:
        _point_to(patch, name, folder)
        patch.setenv("MANGNON_ARCHIVE", str(archive / "archive"))
        yield folder


@pytest.fixture
def run_night() -> Callable[[], int | None]:
    """Does a night without Airflow; the release that it published."""
    return do_night


def _point_to(patch: pytest.MonkeyPatch, database: str, folder: Path) -> None:
    patch.setenv("WAREHOUSE_URL", databases.url(database))
    for place in ("inbox", "archive", "outbox"):
        patch.setenv(f"MANGNON_{place.upper()}", str(folder / place))
    (folder / "inbox").mkdir()
    (folder / "inbox" / MARK).touch()
