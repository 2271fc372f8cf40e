"""Each role can do its own step and nothing else."""

from types import ModuleType

import psycopg
import pytest

FORBIDDEN = {
    "loader": [
        "delete from ops.loads",
        "update ops.deliveries set sha256 = sha256",
        "update ops.releases set state = 'published'",
        "select * from core.fct_events",
    ],
    "transformer": ["update ops.loads set state = 'accepted'", "insert into raw.events (load_id) values (1)"],
    "auditor": [
        "delete from ops.release_approvals",
        "update ops.loads set rows_in = 0",
        "delete from core.fct_events",
        "delete from raw.events",
    ],
    "teller": [
        "update ops.loads set state = 'accepted'",
        "insert into ops.verdicts default values",
        "delete from ops.feedback",
        "select * from core.fct_events",
    ],
    "publisher": [
        "update ops.release_approvals set approved_by = ''",
        "delete from raw.events",
        "delete from core.fct_events",
        "delete from ops.deliveries",
    ],
}


@pytest.mark.parametrize(("role", "statement"), [(role, sql) for role, every in FORBIDDEN.items() for sql in every])
def test_what_a_role_may_not_do(warehouse: ModuleType, role: str, statement: str) -> None:
    with warehouse.connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


@pytest.mark.parametrize("schema", ["ops", "raw", "staging", "core", "public"])
def test_bi_reader_sees_the_marts_and_nothing_else(warehouse: ModuleType, schema: str) -> None:
    with psycopg.connect(warehouse.reader_url()) as reader:
        assert reader.execute("select count(*) from marts.fct_events").fetchone() == (0,)
        reader.rollback()
        assert reader.execute("select has_schema_privilege(%s, 'usage')", [schema]).fetchone() == (False,)


@pytest.mark.parametrize(
    "statement",
    [
        "create temporary table kept (line integer)",
        "create table marts.mine (line integer)",
        "delete from marts.releases",
        "select * from core.fct_events",
        "select * from ops.loads",
        "set role auditor",
        "copy (select 1) to program 'true'",
    ],
)
def test_what_bi_reader_may_not_do(warehouse: ModuleType, statement: str) -> None:
    with psycopg.connect(warehouse.reader_url()) as reader:
        reader.execute("set transaction read write")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute(statement)
