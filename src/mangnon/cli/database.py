"""`mangnon bi-url` and `mangnon pg`: the database itself, for BI tools and for its owner."""

import os
import subprocess
import sys

import click
import psycopg

from mangnon import warehouse
from mangnon.warehouse import server


@click.command("bi-url")
def bi_url() -> None:
    """Print the address for BI tools, with the password of bi_reader."""
    click.echo(warehouse.reader_url())


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("program")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def pg(program: str, arguments: tuple[str, ...]) -> None:
    """Run a PostgreSQL program on the warehouse as its owner: psql, pg_dump, pg_restore."""
    given = {
        option.envvar.decode(): option.val.decode()
        for option in psycopg.pq.Conninfo.parse(warehouse.url().encode())
        if option.envvar and option.val
    }
    sys.exit(subprocess.run([server.program(program), *arguments], env=os.environ | given).returncode)
