"""A month, as people write it on the command line."""

from datetime import date

import click


class Period(click.ParamType):
    """A month, such as 2020-03."""

    name = "YYYY-MM"

    def convert(self, value: str, param: click.Parameter | None, context: click.Context | None) -> date:
        """Returns the first day of the month."""
        try:
            return date.fromisoformat(f"{value}-01")
        except ValueError:
            self.fail(f"{value!r} is not a month: write it as 2020-03", param, context)
