"""The command `mangnon` and its subcommands. Exit code 1: the command failed; 2: it was used wrongly."""

import sys
from importlib import import_module

import click
import psycopg

from mangnon.cli.logs import configure_logs, show_progress
from mangnon.failures import DISK_FULL, Failure
from mangnon.settings import read_env_file

# The module of each command. It is imported only when the command runs, since importing all of them takes seconds.
COMMANDS = {
    "archive": "archive",
    "backfill": "backfill",
    "bi-url": "database",
    "collect": "night",
    "delivery": "delivery",
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
    "reference": "reference",
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
    """The group of all commands. It imports the module of a command only when that command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Returns the names of all commands, sorted."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Returns the command, or None if there is none of that name."""
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
    """Runs the command. An expected failure is printed as one line without a traceback, and ends with exit code 1."""
    configure_logs(next((argument for argument in sys.argv[1:] if not argument.startswith("-")), "help"))
    try:
        cli()
    except psycopg.errors.InvalidParameterValue as error:  # an unknown or a pruned release
        message = error.diag.message_primary
    except (Failure, psycopg.OperationalError) as failure:
        message = str(failure)
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        message = f"a disk is full ({error}): `mangnon doctor` names it; free space, then run the same again"
    else:
        return
    click.echo(f"mangnon: {message}", err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
