"""The command line: every step of the nights, and what people ask afterwards. Exit code 1: failed; 2: wrong usage."""

import sys
from importlib import import_module

import click
import psycopg

from mangnon.cli.logs import configure_logs, show_progress
from mangnon.failures import Failure
from mangnon.settings import read_env_file

# The module of each command, imported only when the command is used: together they take seconds.
COMMANDS = {
    "backfill": "backfill",
    "bi-url": "database",
    "collect": "night",
    "deploy": "deploy",
    "doctor": "watch",
    "down": "services",
    "explain": "explain",
    "load": "load",
    "metrics": "watch",
    "night": "night",
    "page": "page",
    "pg": "database",
    "prune": "prune",
    "publish": "night",
    "release": "release",
    "report": "report",
    "run": "services",
    "sample": "workbooks",
    "status": "status",
    "step": "night",
    "tell": "tell",
    "template": "workbooks",
    "up": "services",
}


class Commands(click.Group):
    """The commands, each found in its module when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command; None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"mangnon.cli.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="mangnon")
def cli() -> None:
    """Măng Non: what the districts reported about child protection, every morning, without a doubt."""
    read_env_file()
    show_progress()


def main() -> None:
    """Runs the command; what may well happen is said in one line, without a traceback."""
    configure_logs(next((argument for argument in sys.argv[1:] if not argument.startswith("-")), "help"))
    try:
        cli()
    except psycopg.errors.InvalidParameterValue as error:  # a release or a day that nobody can look at
        message = error.diag.message_primary
    except (Failure, psycopg.OperationalError) as failure:
        message = str(failure)
    else:
        return
    click.echo(f"mangnon: {message}", err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
