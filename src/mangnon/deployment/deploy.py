"""Deployment: brings a warehouse up to this version of the code."""

import secrets
import time
from collections.abc import Callable
from importlib.resources import files

import psycopg
from psycopg import sql

from expectations import RULES
from mangnon import warehouse
from mangnon.contract.forms import Form, all_forms, reference_forms
from mangnon.deployment import interface
from mangnon.failures import Failure
from mangnon.ledger import changes, content_hash
from mangnon.reading.problems import catalogue
from mangnon.settings import settings, write_secret
from mangnon.warehouse import Connection, dbt, deployments, server

# So long a deployment waits for a reader, and all other readers behind it.
LOCK_TIMEOUT = "2s"
PAUSES_BETWEEN_ATTEMPTS = (1, 5, 15, 60)  # seconds
# So long it waits for a publishing that is under way.
SECONDS_TO_WAIT = 600

# The columns that the loader adds to those of a form.
LINEAGE_COLUMNS = {
    "load_id": "bigint not null",
    "line": "integer not null",
    "sheet_name": "text",
    "row_number": "integer not null",
}


class Blocked(Failure):
    """Somebody holds what has to be changed, and does not let go."""


def deploy(accept_changes: str | None = None) -> None:
    """Brings the warehouse up to this version of the code: tables, roles, dbt's models and the views that BI reads.

    The package's code lists are delivered afterwards (mangnon.publishing.lists).
    Repeating it changes nothing. Nights never do any of this, and meanwhile nobody publishes. Readers wait for none of
    it longer than LOCK_TIMEOUT: it gives way to those who linger, and tries again.

    What would break queries of BI is not deployed, except for the reason in `accept_changes`, which is kept; a
    deployment that was cut off goes on for the reason that it was begun with. Raises
    BreakingChanges, OtherCode (the warehouse is newer), PublishingElsewhere, Blocked, TransformError.
    """
    _make_database()
    with warehouse.connect() as connection, warehouse.publishing_lock(connection, SECONDS_TO_WAIT):
        deployments.check_not_newer(connection)
        is_current = deployments.is_current(connection)
        found = [] if is_current else _not_accepted(connection, interface.changes(connection))
        _refuse(found, accept_changes)
        _giving_way(_migrate)
        deployments.begin(
            connection, [change.what for change in found if change.severity == "breaking"], accept_changes
        )
        for step in (_deploy_tables, lambda: dbt.deploy(LOCK_TIMEOUT), _deploy_functions):
            _giving_way(step)
        if not is_current:
            _giving_way(drop_left_over)
        with connection.transaction():
            content_hash.renew(connection)
            changes.note_missing(connection)
        if not is_current:
            deployments.finish(connection)


def preview() -> list[interface.Change]:
    """Returns the changes that BI would notice if this code were deployed now. Changes nothing. Raises OtherCode."""
    with warehouse.connect() as connection:
        deployments.check_not_newer(connection)
        return interface.changes(connection)


def _make_database() -> None:
    if settings().warehouse_url:
        return
    server.start()
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        if not connection.execute("select 1 from pg_database where datname = %s", [warehouse.DATABASE]).fetchone():
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(warehouse.DATABASE)))


def _not_accepted(connection: Connection, found: list[interface.Change]) -> list[interface.Change]:
    accepted = deployments.accepted_before(connection)
    return [change for change in found if change.what not in accepted]


def _refuse(found: list[interface.Change], accept_changes: str | None) -> None:
    severities = {change.severity for change in found}
    if "impossible" not in severities and ("breaking" not in severities or accept_changes):
        return
    advice = (
        "What cannot be done has to be solved first, in the warehouse or in the code."
        if "impossible" in severities
        else 'Tell those who read it. Then: mangnon deploy --accept-changes "why"'
    )
    raise interface.BreakingChanges(
        f"this version was not deployed, and nothing was changed.\n"
        f"{interface.as_text(found, ('impossible', 'breaking'))}\n{advice}"
    )


def _giving_way(step: Callable[[], None]) -> None:
    """Does a step that may have to wait for readers or loaders; each attempt gives up soon. Raises Blocked."""
    for pause in (*PAUSES_BETWEEN_ATTEMPTS, None):
        try:
            return step()
        except Exception as error:  # of psycopg, SQLAlchemy or dbt
            if "lock timeout" not in str(error):
                raise
            if pause is None:
                raise Blocked(_who_is_in_the_way()) from error
        time.sleep(pause)


def _who_is_in_the_way() -> str:
    with warehouse.connect() as connection:
        sessions = connection.execute(
            """
            select format('%s (%s, process %s, since %s)', usename, application_name, pid, xact_start::time(0))
            from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid() and xact_start < now() - interval '2 s'
            order by xact_start
            """
        ).fetchall()
    return (
        "somebody holds what has to be changed, and deploying gave way for minutes. In a transaction are: "
        f"{', '.join(row[0] for row in sessions) or 'nobody any more'}. Have them end it, then run `mangnon deploy` "
        "again: it resumes where it stopped"
    )


def _migrate() -> None:
    """Runs the migrations that the warehouse lacks, in the order of their numbers.

    Each is a transaction of its own, so that none holds the locks of those before it. The number of the last one stands
    in a table with the name and the shape that Alembic gave it, which ran them once.
    """
    with _patient_connection() as connection:
        connection.execute(
            """
            create table if not exists public.alembic_version (
                version_num varchar(32) constraint alembic_version_pkc primary key
            )
            """
        )
        row = connection.execute("select version_num from public.alembic_version").fetchone()
        for migration in sorted(deployments.MIGRATIONS.glob("*.sql")):
            number = deployments.number_of(migration)
            if row is None or number > row[0]:
                with connection.transaction():
                    connection.execute(migration.read_bytes())
                    connection.execute("delete from public.alembic_version")
                    connection.execute("insert into public.alembic_version values (%s)", [number])


def _deploy_tables() -> None:
    """The tables of the forms, the words of the ledger, who may do what, and what the rules are called."""
    with _patient_connection() as connection, connection.transaction():
        for form in all_forms().values():
            _deploy_raw_table(connection, form)
        for file in ("ops_loads.sql", "ops_releases.sql", "roles.sql"):
            connection.execute(files("mangnon.deployment").joinpath(file).read_text().encode())
        for form in reference_forms():
            _give_to_registrar(connection, form)
        _name_rules(connection)
        _give_password(connection)


def _deploy_functions() -> None:
    with _patient_connection() as connection, connection.transaction():
        connection.execute(files("mangnon.deployment").joinpath("mart_functions.sql").read_text().encode())


def drop_left_over() -> None:
    """Drops what an earlier version made and this one does not know any more."""
    with _patient_connection() as connection:
        now, wanted = interface.present(connection), interface.declared(connection)
        with connection.transaction():
            for statement in interface.removals(now, wanted):
                connection.execute(statement)


def _patient_connection() -> Connection:
    connection = warehouse.connect()
    connection.execute(sql.SQL("set lock_timeout = {}").format(LOCK_TIMEOUT))
    return connection


def _deploy_raw_table(connection: Connection, form: Form) -> None:
    """Makes the form's table in raw, or adds the columns that it lacks."""
    table = sql.Identifier("raw", form.name)
    lineage = [sql.SQL("{} " + definition).format(sql.Identifier(name)) for name, definition in LINEAGE_COLUMNS.items()]
    connection.execute(
        sql.SQL("create table if not exists {} ({}, primary key (load_id, line))").format(
            table, sql.SQL(", ").join(lineage)
        )
    )
    present = {
        row[0]
        for row in connection.execute(
            "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0", [f"raw.{form.name}"]
        )
    }
    for field in form.fields:
        if field.name not in present:
            column = sql.SQL("alter table {} add column {} " + field.sql_type)
            connection.execute(column.format(table, sql.Identifier(field.name)))


def _give_to_registrar(connection: Connection, form: Form) -> None:
    """Lets only the registrar write the rows of a list."""
    table = sql.Identifier("raw", form.name)
    connection.execute(sql.SQL("revoke insert on {} from loader").format(table))
    connection.execute(sql.SQL("grant insert on {} to registrar").format(table))


def _name_rules(connection: Connection) -> None:
    """Writes what BI calls the rules of the reader and of the gates. A rule that no longer exists keeps its words."""
    rules = [
        *(("reading", rule, declared.title, declared.severity) for rule, declared in catalogue().items()),
        *((rule.gate, rule.name, rule.message_vi, rule.severity) for rule in RULES),
    ]
    connection.cursor().executemany(
        """
        insert into ops.rules (gate, rule, label, severity) values (%s, %s, %s, %s)
        on conflict (gate, rule) do update set label = excluded.label, severity = excluded.severity
        where (rules.label, rules.severity) <> (excluded.label, excluded.severity)
        """,
        rules,
    )


def _give_password(connection: Connection) -> None:
    """Gives bi_reader a password of its own, once; it is kept in the home."""
    file = settings().home / "bi_reader.password"
    if not file.exists():
        write_secret(file, secrets.token_urlsafe(24))
    password = sql.Literal(file.read_text())
    connection.execute(sql.SQL("alter role bi_reader password {}").format(password))
