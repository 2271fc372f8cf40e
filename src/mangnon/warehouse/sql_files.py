"""Statements of more than a few lines: each is a file in the folder `sql` beside the module that runs it."""

from functools import cache
from importlib.resources import files


@cache
def read_sql(package: str, name: str) -> str:
    """The statement of that name; its parameters are named, as in `%(release)s`."""
    return files(package).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
