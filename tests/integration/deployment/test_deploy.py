"""Deploying: nobody waits behind a reader who lingers, nothing breaks unasked, and only the code deployed writes."""

import functools
import threading
import time
from pathlib import Path
from types import ModuleType

import psycopg
import pytest
from click.testing import CliRunner, Result

from expectations import RULES
from mangnon.cli.main import cli
from mangnon.deployment import deploy
from mangnon.intake import steps
from mangnon.reading.problems import catalogue
from mangnon.warehouse import code_hash, dbt, deployments

# What a version that was deployed before might have made, and this one would not.
EARLIER_INTERFACE = """
    set role transformer;
    create view marts.old_report as select 1 as figure;
    drop view marts.releases;
    create view marts.releases as
    select
        release_id, published_at::timestamp as published_at, published_at::date as published_on,
        pruned_at::date as pruned_on, 'x'::text as shown_as
    from ops.releases where state = 'published';
    drop view marts.dim_sexes;
    create view marts.dim_sexes as
    select sex_label::varchar(80), sex, sex_sort_order, load_id::integer as release_id from core.dim_sexes;
    comment on view marts.dim_sexes is 'Sexes. Grain: one row per sex and load.';
    grant select on marts.releases to teller;
    alter table core.agg_measures add column unit text not null default 'x';
    reset role;
    delete from ops.deployed_views where view_name in ('marts.releases', 'marts.dim_sexes');
    insert into ops.deployed_views (view_name, sql_hash) values ('marts.old_report', '');
    update ops.deployments set code_hash = 'of an earlier version';
"""
BREAKING = """\
- marts.dim_sexes: the column sex_label changes its type from character varying(80) to text
- marts.dim_sexes changes the order of its columns: release_id, sex, sex_label, sex_sort_order; \
new ones belong at the end
- marts.dim_sexes changes its grain from “one row per sex and load.” to “one row per sex.”
- marts.old_report vanishes
- marts.releases loses the column shown_as (text)
"""
# What analysts built, and what rows that are there do not allow.
IN_THE_WAY = """
    create schema analysts;
    create view analysts.newest as select max(release_id) as newest, max(shown_as) as shown_as from marts.releases;
    alter table core.agg_verdicts alter column failed type smallint;
    alter table core.computed_about_release drop constraint computed_about_release_pkey;
"""
IMPOSSIBLE = """\
Cannot be done:
- marts.releases has to be created again, but analysts.newest is built on it: change or drop that first
- core.agg_verdicts holds rows with failed as smallint, which do not become integer: the column needs a new name
- core.computed_about_release has one row per , not per release_id: the model needs a new name
"""


def test_a_reader_who_lingers_delays_the_deployment_and_no_other_reader(warehouse: ModuleType) -> None:
    with warehouse.connect() as connection:
        connection.execute("delete from ops.deployed_views where view_name = 'marts.releases'")
    lingering = psycopg.connect(warehouse.reader_url())
    lingering.execute("select * from marts.releases")
    failures: list[BaseException] = []
    deployment = threading.Thread(target=lambda: _keep(deploy.deploy, failures))
    deployment.start()
    until = time.monotonic() + 12
    with psycopg.connect(warehouse.reader_url(), autocommit=True) as reader:
        reader.execute("set statement_timeout = '5s'")  # longer than one attempt to replace the view, and no more
        while time.monotonic() < until:
            reader.execute("select * from marts.releases")
            time.sleep(0.05)
    lingering.close()
    deployment.join()
    assert failures == []
    with warehouse.connect("auditor") as connection:
        assert connection.execute("select 1 from ops.deployed_views where view_name = 'marts.releases'").fetchone()


def test_deploying_again_changes_nothing(warehouse: ModuleType) -> None:
    def deployed() -> list[tuple]:
        with warehouse.connect("auditor") as connection:
            views = connection.execute("select * from ops.deployed_views order by view_name").fetchall()
            rules = connection.execute("select xmin::text, rules.* from ops.rules order by gate, rule").fetchall()
            return views + rules

    before = deployed()
    deploy.deploy()
    assert deployed() == before


def test_a_rule_is_called_what_this_version_calls_it_and_one_of_before_keeps_its_words(warehouse: ModuleType) -> None:
    every_rule = "select gate, gate_label, rule, rule_label, severity_label from marts.dim_rules"
    of_before = ("reading", "old_rule", "Quy tắc cũ", "info")
    with warehouse.connect() as connection:
        rules = set(connection.execute(every_rule).fetchall())
        connection.execute("update ops.rules set label = 'cũ', severity = 'info'")
        connection.execute("insert into ops.rules (gate, rule, label, severity) values (%s, %s, %s, %s)", of_before)
    deploy.deploy()
    with warehouse.connect() as connection:
        now = set(connection.execute(every_rule).fetchall())
    assert now - rules == {("reading", "Đọc tệp", "old_rule", "Quy tắc cũ", "Thông tin")}
    assert len(rules) == len(catalogue()) + len(RULES)
    assert {
        ("reading", "Đọc tệp", "not_a_number", "Số không đọc được", "Lỗi"),
        ("loads", "Cổng 1 - từng báo cáo", "events_repeated", "Nhiều dòng giống hệt nhau", "Cảnh báo"),
        ("release", "Cổng 2 - cả bản công bố", "figure_negative", "Chỉ tiêu âm", "Lỗi"),
    } <= now


def test_what_would_break_queries_is_said_before_and_done_only_for_a_reason(
    warehouse: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dbt, "manifest", functools.cache(dbt.manifest))  # the code stays the same
    with warehouse.connect() as connection:
        connection.execute(EARLIER_INTERFACE)
        connection.execute(IN_THE_WAY)
    checked = _run("deploy", "--check")
    assert checked.exit_code == 1
    assert IMPOSSIBLE in checked.output
    assert f"Breaks queries of BI:\n{BREAKING}" in checked.output
    for reason in ([], ["--accept-changes", "thử"]):
        assert "analysts.newest" in str(_run("deploy", *reason).exception)
    with warehouse.connect() as connection:
        assert connection.execute("select * from analysts.newest").fetchall() == [(None, None)]
        connection.execute("drop schema analysts cascade")
        connection.execute("alter table core.agg_verdicts alter column failed type integer")
        connection.execute("alter table core.computed_about_release add primary key (release_id)")

    before = _columns(warehouse)
    refused = _run("deploy")
    assert isinstance(refused.exception, deployments.Failure)
    assert BREAKING in str(refused.exception)
    assert "--accept-changes" in str(refused.exception)
    assert _columns(warehouse) == before

    assert _run("deploy", "--accept-changes", "đã báo Sở").exit_code == 0
    assert _run("deploy", "--check").output == "BI would notice nothing.\n"
    with warehouse.connect() as connection:
        newest = connection.execute(
            "select accepted_changes, reason from ops.deployments order by deployment_id desc"
        ).fetchone()
        assert newest == ([line[2:] for line in BREAKING.splitlines()], "đã báo Sở")
        assert connection.execute("select has_table_privilege('teller', 'marts.releases', 'select')").fetchone() == (
            True,
        )
        assert connection.execute("select to_regclass('marts.old_report')").fetchone() == (None,)
        # What nobody fills any more is gone.
        assert connection.execute(
            "select count(*) from pg_attribute where attrelid = 'core.agg_measures'::regclass and attname = 'unit'"
        ).fetchone() == (0,)


def test_a_deployment_that_is_cut_off_keeps_its_reason(warehouse: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    with warehouse.connect() as connection:
        connection.execute(EARLIER_INTERFACE)
    with monkeypatch.context() as cut:
        cut.setattr(deploy, "drop_left_over", _cut_off)
        assert isinstance(_run("deploy", "--accept-changes", "đã báo Sở").exception, ConnectionError)
    with pytest.raises(deployments.OtherCode, match=r"was cut off.* Run `mangnon deploy` again"):
        steps.collect()
    assert _run("deploy", "--check").output == "Breaks queries of BI:\n- marts.old_report vanishes\n"
    assert _run("deploy").exit_code == 0
    with warehouse.connect() as connection:
        noted = connection.execute(
            "select accepted_changes, reason, is_complete from ops.deployments order by deployment_id desc"
        ).fetchall()
        assert noted[0] == ([line[2:] for line in BREAKING.splitlines()], "đã báo Sở", True)
        assert len(noted) == 2
        assert connection.execute("select to_regclass('marts.old_report')").fetchone() == (None,)
    steps.collect()


def _cut_off() -> None:
    raise ConnectionError


def test_additions_pass_and_what_is_built_on_a_mart_stays(warehouse: ModuleType) -> None:
    with warehouse.connect() as connection:
        connection.execute(
            """
            alter table raw.events drop column delegations cascade;
            set role transformer;
            drop view marts.releases;
            create view marts.releases as
            select
                release_id, published_at::timestamp as published_at, published_at::date as published_on
            from ops.releases where state = 'published';
            reset role;
            delete from ops.deployed_views where view_name = 'marts.releases';
            create view public.newest as select max(release_id) as newest from marts.releases;
            update ops.deployments set code_hash = 'of an earlier version';
            """
        )
    checked = _run("deploy", "--check")
    gained = "pruned_on, superseded_on, is_newest, previous_release_id, restored_release_id"
    assert (checked.exit_code, checked.output.splitlines()[1]) == (0, f"- marts.releases gains {gained}")
    assert _run("deploy").exit_code == 0
    with warehouse.connect() as connection:
        assert connection.execute("select newest from public.newest").fetchall() == [(None,)]
        assert connection.execute("select pruned_on from marts.releases").fetchall() == []
        assert connection.execute("select delegations from raw.events").fetchall() == []
        assert connection.execute("select delegations from staging.stg_events").fetchall() == []


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("update public.alembic_version set version_num = '9999'", "migration 9999.* a newer version was deployed"),
        ("update ops.deployments set code_hash = 'other'", "belongs to other code.* run `mangnon deploy`"),
        ("delete from ops.deployments", "was not deployed by this version yet: run `mangnon deploy`"),
    ],
)
def test_code_that_was_not_deployed_writes_nothing(warehouse: ModuleType, what: str, message: str) -> None:
    with warehouse.connect() as connection:
        connection.execute(what.encode())
    with pytest.raises(deployments.OtherCode, match=message):
        steps.collect()
    with warehouse.connect("auditor") as connection:
        assert connection.execute("select count(*) from ops.deliveries").fetchone() == (0,)


def test_a_process_that_started_with_other_code_writes_nothing(
    warehouse: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "code.py").write_text("ANSWER = 41")
    monkeypatch.setattr(code_hash, "SOURCES", ((tmp_path, ("*.py",)),))
    code_hash.at_start.cache_clear()
    try:
        with warehouse.connect("loader"):
            (tmp_path / "code.py").write_text("ANSWER = 42")
        with pytest.raises(deployments.OtherCode, match="the code has changed since this process started"):
            steps.collect()
    finally:
        code_hash.at_start.cache_clear()


def test_an_older_version_is_not_deployed_over_a_newer_one(warehouse: ModuleType) -> None:
    with warehouse.connect() as connection:
        connection.execute("update public.alembic_version set version_num = '9999'")
    for arguments in (["deploy"], ["deploy", "--check"]):
        assert "restore the backup" in str(_run(*arguments).exception)


def test_nothing_is_deployed_while_somebody_publishes(warehouse: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy, "SECONDS_TO_WAIT", 0)
    with (
        warehouse.connect("publisher") as publisher,
        warehouse.publishing_lock(publisher),
        pytest.raises(warehouse.PublishingElsewhere),
    ):
        deploy.deploy()


def test_migrations_have_consecutive_numbers() -> None:
    numbers = sorted(map(deployments.number_of, deployments.MIGRATIONS.glob("*.sql")))
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


def test_a_migration_that_fails_leaves_those_before_it_and_nothing_of_its_own(
    warehouse: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with warehouse.connect() as connection:
        connection.execute("delete from ops.deployments")
    for migration in deployments.MIGRATIONS.glob("*.sql"):
        (tmp_path / migration.name).write_bytes(migration.read_bytes())
    monkeypatch.setattr(deployments, "MIGRATIONS", tmp_path)
    (tmp_path / "9000_well.sql").write_text("create table public.first (id int); create table public.second (id int);")
    (tmp_path / "9001_ill.sql").write_text("create table public.third (id int); select 1 / 0;")
    with pytest.raises(psycopg.errors.DivisionByZero):
        deploy.deploy()
    with warehouse.connect() as connection:
        assert connection.execute("select version_num from public.alembic_version").fetchall() == [("9000",)]
        made = connection.execute("select to_regclass('public.second') is null, to_regclass('public.third') is null")
        assert made.fetchone() == (False, True)
    (tmp_path / "9001_ill.sql").write_text("create table public.third (id int);")
    deploy.deploy()
    with warehouse.connect() as connection:
        assert connection.execute("select version_num from public.alembic_version").fetchall() == [("9001",)]
        assert connection.execute("select migration from ops.deployments").fetchall() == [("9001",)]


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def _columns(warehouse: ModuleType) -> list[tuple]:
    with warehouse.connect() as connection:
        return connection.execute(
            "select table_schema, table_name, column_name, data_type from information_schema.columns order by 1, 2, 3"
        ).fetchall()


def _keep(act: object, failures: list[BaseException]) -> None:
    try:
        act()  # type: ignore[operator]
    except BaseException as failure:
        failures.append(failure)
