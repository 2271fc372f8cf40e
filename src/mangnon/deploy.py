"""Deployment: brings a warehouse up to this version of the code."""

import hashlib
import secrets
from importlib.resources import files
from pathlib import Path

import fsspec
import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from psycopg import sql

from mangnon import server, transform, warehouse
from mangnon.codes import REFERENCE_FOLDER, REFERENCE_REPORTER
from mangnon.forms import REFERENCE_FORMS, Form, all_forms
from mangnon.settings import PROJECT, settings, write_secret
from mangnon.warehouse import Connection

# The key of the advisory lock under which one process deploys at a time.
DEPLOY_LOCK = 26_11_01

# What a deployment brings, beside the migrations.
BROUGHT = (
    (Path(__file__).parent, ("forms/*.yml", "roles.sql")),
    (PROJECT / "dbt_project", ("dbt_project.yml", "macros/*.sql", "models/**/*")),
)

# What the loader adds to the columns of a form.
LINEAGE_COLUMNS = {
    "load_id": "bigint not null",
    "line": "integer not null",
    "sheet_name": "text",
    "row_number": "integer not null",
}


def deploy() -> None:
    """Brings the warehouse up to this version of the code: tables, roles, dbt's models and the views that BI reads.

    Repeating it changes nothing. Nights never do any of this, so no reader ever waits for them.
    """
    _make_database()
    with warehouse.connect() as connection:
        connection.execute("select pg_advisory_lock(%s)", [DEPLOY_LOCK])
        connection.commit()
        _migrate()
        for form in all_forms().values():
            _deploy_raw_table(connection, form)
        connection.execute(files("mangnon").joinpath("roles.sql").read_text().encode())
        _give_password(connection)
        connection.commit()
        transform.deploy()
        connection.execute(sql.SQL("comment on schema ops is {}").format(sql.Literal(version())))
    deliver_reference()


def version() -> str:
    """A hash of the forms, roles and models that a deployment of this code brings."""
    digest = hashlib.sha256()
    for folder, patterns in BROUGHT:
        for path in sorted({path for pattern in patterns for path in folder.glob(pattern) if path.is_file()}):
            digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def deployed_version(connection: Connection) -> str | None:
    """The same of the code that was deployed last; None where none ended well."""
    row = connection.execute(
        "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = 'ops'"
    ).fetchone()
    return row[0] if row else None


def deliver_reference() -> None:
    """Puts the package's code lists into the inbox, from the reporter `_reference`; the next night reads them."""
    files_of_inbox, folder = fsspec.url_to_fs(settings().inbox)
    for form in REFERENCE_FORMS:
        content = (REFERENCE_FOLDER / f"{form}.csv").read_bytes()
        path = f"{folder}/{REFERENCE_REPORTER}/{form}.csv"
        if not files_of_inbox.exists(path) or files_of_inbox.cat_file(path) != content:
            files_of_inbox.makedirs(f"{folder}/{REFERENCE_REPORTER}", exist_ok=True)
            files_of_inbox.pipe_file(path, content)


def _make_database() -> None:
    if settings().warehouse_url:
        return
    server.start()
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        if not connection.execute("select 1 from pg_database where datname = %s", [warehouse.DATABASE]).fetchone():
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(warehouse.DATABASE)))


def _migrate() -> None:
    config = Config()
    config.set_main_option("script_location", "mangnon:migrations")
    engine = sqlalchemy.create_engine(sqlalchemy.make_url(warehouse.url()).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()


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


def _give_password(connection: Connection) -> None:
    """Gives bi_reader a password of its own, once; it is kept in the home."""
    file = settings().home / "bi_reader.password"
    if not file.exists():
        write_secret(file, secrets.token_urlsafe(24))
    password = sql.Literal(file.read_text())
    connection.execute(sql.SQL("alter role bi_reader password {}").format(password))
