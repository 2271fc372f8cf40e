"""Lists of reference data are delivered by people and deployments, and used once gate 1 has accepted them."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from support.lists import changed, deliver, packaged
from support.workbooks import LISTS, event

from mangnon.cli.main import cli
from mangnon.contract.code_lists import OFFICE, REFERENCE_FOLDER
from mangnon.contract.template import write_template
from mangnon.intake import loads, steps
from mangnon.ledger.fingerprint import Basis
from mangnon.publishing import gates, lists, phases, verdicts
from mangnon.warehouse import dbt

Night = Callable[[], int | None]

# In the report of 2020, F01 is 232 communication events. With this filter it would be 104 of another kind.
F01 = ("events,event_count,sum,,,,communication,", "events,event_count,sum,,,,training,")
MODEL = ("thuốc nam quý hiếm,school_model", "thuốc nam quý hiếm,child_protection_model")


def send(folder: Path, name: str, period: date) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = {"events": [event("193", 2)]}
    write_template(folder / name, LISTS.reporters["193"], period, LISTS, lines, synthetic=True)


def query(warehouse: ModuleType, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with warehouse.connect() as connection:
        return list(connection.execute(statement.encode(), values).fetchall())


def counting(warehouse: ModuleType) -> dict[str, int]:
    """The revision of each list that is in use."""
    loads = "ops.counting_reference_loads inner join ops.loads using (load_id)"
    return dict(query(warehouse, f"select loads.form, revision from {loads}"))


def f01(warehouse: ModuleType) -> int:
    return int(query(warehouse, "select value from marts.annual_report where figure = 'F01' and year = 2020")[0][0])


@pytest.mark.parametrize("reporter", ["_reference", "193"])
def test_a_list_in_the_inbox_harms_nobody(
    published: ModuleType, tmp_path: Path, run_night: Night, reporter: str
) -> None:
    """Whoever could write into the inbox could change the report, and with a refused list the files of the night."""
    before = counting(published)
    fakes = {"figures": changed("figures", *F01), "codes": packaged("codes").replace("communication,", "propaganda,")}
    for form, text in fakes.items():
        head = f"#reporter,{reporter}\n#period,2020-03\n#form,{form}\n#revision,98\n"
        body = text.split("\n", 2)[2]
        place = tmp_path / "inbox" / (OFFICE if reporter == "_reference" else reporter)
        place.mkdir(exist_ok=True)
        (place / f"{form}.csv").write_text(head + body, encoding="utf-8")
    send(tmp_path / "inbox" / "193", "good.xlsx", date(2021, 1, 1))
    run_night()

    assert counting(published) == before
    assert query(published, "select count(*) from ops.loads where reporter_code = '_reference' and load_id > 5") == [
        (0,)
    ]
    refused = query(
        published, "select state_reason from ops.loads inner join ops.deliveries using (delivery_id) "
        "where file_name in ('figures.csv', 'codes.csv') and load_id > 5",
    )  # fmt: skip
    assert len(refused) == 2
    assert all("danh mục dùng chung không nhận qua thư mục nhận tệp" in reason for (reason,) in refused)
    good = "ops.loads inner join ops.deliveries using (delivery_id) where file_name = 'good.xlsx'"
    assert query(published, f"select state from {good}") == [("accepted",)]
    assert query(published, "select count(*) from marts.dim_figures") == [(33,)]
    assert f01(published) == 232


def test_a_delivered_list_counts_at_once_and_readers_see_it_with_the_next_release(
    published: ModuleType, tmp_path: Path, run_night: Night
) -> None:
    assert f01(published) == 232
    outcome = deliver(tmp_path, "figures", changed("figures", *F01))
    assert (outcome.is_accepted, outcome.is_new, outcome.revision) == (True, True, 2)
    assert counting(published)["figures"] == 2
    assert f01(published) == 232

    assert run_night() == 2
    assert f01(published) != 232
    assert query(published, "select delivered_by, reason from ops.reference_deliveries where not is_packaged") == [
        ("thử", "a test")
    ]


def test_a_list_from_before_there_were_rates_is_accepted(listed: ModuleType, tmp_path: Path) -> None:
    rated = """
        select count(*), count(rate_population) from core.dim_figures
        where load_id = (select max(load_id) from core.dim_figures)
    """
    lines = [line if line.startswith("#") else line.rpartition(",")[0] for line in packaged("figures").splitlines()]
    with listed.connect("auditor") as connection:
        assert connection.execute(rated).fetchone() == (33, 3)
        assert deliver(tmp_path, "figures", "\n".join(lines) + "\n").reasons == []
        assert connection.execute(rated).fetchone() == (33, 0)


@pytest.mark.parametrize(
    ("form", "old", "new", "reason"),
    [
        ("codes", "event_types,communication,", "event_types,training,", "đã có ở dòng"),
        ("codes", "list,code,label,kind,", "list,code,label,loại,", "thiếu cột: “Kind”"),
        ("figures", "events,event_count,sum,,,,communication,", "events,parties,sum,,,,communication,", "“parties”"),
        ("areas", "2015-01-01", "2015-13-01", "ngày"),
        ("areas", "#form,areas", "#form,events", "không phải là danh mục dùng chung"),
    ],
)
def test_a_list_with_an_error_is_refused_in_words_and_the_old_one_counts_on(
    listed: ModuleType, tmp_path: Path, form: str, old: str, new: str, reason: str
) -> None:
    before = counting(listed)
    path = tmp_path / "list.csv"
    path.write_text(changed(form, old, new), encoding="utf-8")
    result = CliRunner().invoke(cli, ["reference", "deliver", str(path), "--by", "An", "--reason", "a test"])
    assert result.exit_code == 1
    assert "was refused; what counted before counts on" in result.output
    assert reason in result.output
    assert counting(listed) == before
    assert query(listed, "select delivered_by, accepted_at from ops.reference_deliveries where load_id > 5") == [
        ("An", None)
    ]


def test_the_same_list_again_changes_nothing_and_an_older_one_is_delivered_again(
    listed: ModuleType, tmp_path: Path
) -> None:
    assert not deliver(tmp_path, "codes", packaged("codes")).is_new
    assert deliver(tmp_path, "codes", changed("codes", *MODEL)).revision == 2
    again = deliver(tmp_path, "codes", changed("codes", *MODEL))
    assert (again.is_new, again.revision) == (False, 2)
    back = deliver(tmp_path, "codes", packaged("codes"))
    assert (back.is_new, back.revision, back.is_accepted) == (True, 3, True)
    assert counting(listed)["codes"] == 3
    # Files of earlier versions claim a revision. It is not read.
    old = packaged("codes").replace("#form,codes\n", "#form,codes\n#revision,20261123\n").replace(*MODEL)
    assert deliver(tmp_path, "codes", old).revision == 4

    assert not [one for one in lists.deliver_packaged() if one.is_new], "what a person delivered stays"
    shown = CliRunner().invoke(cli, ["reference", "show", "codes"]).output
    assert "codes revision 4: counts since" in shown
    assert "by thử: a test" in shown
    assert "codes revision 1: replaced" in shown


def test_a_list_that_dbt_cannot_model_leaves_nothing(
    listed: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any) -> None:
        real(*arguments)
        raise dbt.TransformError("a test of the project failed")

    real = dbt.model
    monkeypatch.setattr(dbt, "model", fail)
    outcome = deliver(tmp_path, "codes", changed("codes", *MODEL))
    assert outcome.reasons == ["a test of the project failed"]
    assert counting(listed)["codes"] == 1
    lists_in_core = "select count(distinct load_id) from core.dim_programmes"
    assert query(listed, lists_in_core) == [(1,)]


def test_a_delivery_that_was_cut_off_is_not_in_use_and_the_next_one_completes_it(
    listed: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged_batches = phases.waiting_batches()

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    for module, name in ((dbt, "model"), (gates, "judge_loads"), (verdicts, "write_of_loads")):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, die)
            with pytest.raises(KeyboardInterrupt):
                deliver(tmp_path, "codes", changed("codes", *MODEL))
        assert counting(listed)["codes"] == 1
        assert phases.waiting_batches() == packaged_batches, "no publishing takes it along"
    done = deliver(tmp_path, "codes", changed("codes", *MODEL))
    assert (done.is_new, done.is_accepted, done.revision) == (False, True, 2)


def test_the_forms_of_one_delivery_are_read_with_one_state_of_the_lists(
    listed: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list that is delivered half way through a night counts from the next file on."""
    inbox = tmp_path / "inbox" / "193"
    send(inbox, "1.xlsx", date(2020, 1, 1))
    send(inbox, "2.xlsx", date(2020, 2, 1))
    steps.collect()
    real, used = loads.load_delivery, []

    def load_and_deliver(connection: Any, delivery: Any, batch_id: int, read_with: Basis, *rest: Any) -> Any:
        if not used:
            deliver(tmp_path, "codes", changed("codes", *MODEL))
        used.append(read_with)
        return real(connection, delivery, batch_id, read_with, *rest)

    monkeypatch.setattr(loads, "load_delivery", load_and_deliver)
    steps.load("193")
    first, second = used
    assert first.fingerprint != second.fingerprint
    fingerprints = query(listed, "select distinct fingerprint from ops.loads where reporter_code = '193'")
    assert {row[0] for row in fingerprints} == {first.fingerprint, second.fingerprint}


@pytest.mark.parametrize(
    "statement",
    [
        """
        insert into ops.deliveries (sha256, file_name, size_bytes, reporter_code)
        values (repeat('0', 64), 'a', 1, '_reference')
        """,
        "update ops.deliveries set reporter_code = '_reference'",
        "update ops.deliveries set period = '2020-01-01' where reporter_code = '_reference'",
        """
        insert into ops.loads (
            delivery_id, batch_id, reporter_code, form, period, revision, fingerprint,
            rows_in, rows_loaded, rows_refused
        ) select delivery_id, batch_id, '_reference', form, period, 9, 'mine', 0, 0, 0 from ops.loads limit 1
        """,
        "update ops.loads set revision = 9",
        "insert into ops.reference_deliveries (load_id, delivered_by, reason) values (1, 'me', 'so')",
        "insert into raw.figures (load_id, line, row_number) values (1, 99, 99)",
        "select ops.discard_list(1, 'so')",
    ],
)  # fmt: skip
def test_the_loader_writes_nothing_of_reference_data(listed: ModuleType, statement: str) -> None:
    with listed.connect("loader") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_the_package_delivers_a_list_once(listed: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert lists.deliver_packaged() == []
    assert set(query(listed, "select is_packaged from ops.reference_deliveries")) == {(True,)}
    folder = tmp_path / "package"
    folder.mkdir()
    for path in REFERENCE_FOLDER.glob("*.csv"):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "codes.csv").write_text(changed("codes", *MODEL), encoding="utf-8")
    monkeypatch.setattr("mangnon.intake.reference.REFERENCE_FOLDER", folder)
    (outcome,) = lists.deliver_packaged()
    assert (outcome.form, outcome.revision, outcome.is_accepted) == ("codes", 2, True)
