"""`mangnon template` and `mangnon sample`: blank workbooks, and synthetic ones that are filled in."""

from datetime import date
from pathlib import Path

import click

from mangnon.cli.periods import Period
from mangnon.contract.code_lists import CodeLists
from mangnon.contract.template import write_template
from mangnon.sample import write_sample


@click.command()
@click.option("--reporter", required=True, help="Code of the reporter, such as 193.")
@click.option("--period", type=Period(), required=True, help="The month to report on.")
@click.option(
    "--output", type=click.Path(path_type=Path), help="The workbook to write.  [default: REPORTER_PERIOD.xlsx]"
)
def template(reporter: str, period: date, output: Path | None) -> None:
    """Write the blank workbook that a reporter fills in for a month."""
    code_lists = CodeLists.from_package()
    known = code_lists.reporters.get(reporter)
    if known is None:
        raise click.UsageError(f"there is no reporter {reporter}; the reporters are {', '.join(code_lists.reporters)}")
    if not known.is_valid_in(period):
        raise click.UsageError(f"{known.name} ({reporter}) does not report for {period:%Y-%m}")
    output = output or Path(f"{reporter}_{period:%Y-%m}.xlsx")
    write_template(output, known, period, code_lists)
    click.echo(output)


@click.command()
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder to fill.")
def sample(output: Path) -> None:
    """Write synthetic submissions of 2019 and 2020, for trying and testing."""
    click.echo(
        f"{write_sample(output)} synthetic submissions are in {output}; the figures of single districts are invented."
    )
