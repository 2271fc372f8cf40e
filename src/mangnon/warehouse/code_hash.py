"""Hashes of code: by them a warehouse knows which version it belongs to, and a load which version read it."""

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from mangnon.contract.forms import all_forms
from mangnon.settings import PROJECT

PACKAGE = Path(__file__).parents[1]
# A deployment depends on these files and on the columns of the forms.
DEPLOYED = (
    (PACKAGE / "deployment", ("migrations/versions/*.sql", "*.sql")),
    (PROJECT / "dbt_project", ("dbt_project.yml", "models/**/*.sql", "models/**/*__models.yml", "macros/*.sql")),
)
# What a running process has in memory, in part, and reads from disk, in part.
SOURCES = (
    (PACKAGE, ("**/*.py", "**/*.sql", "**/*.yml")),
    (PROJECT / "expectations", ("**/*.py", "**/*.sql", "**/*.yml")),
    (PROJECT / "dbt_project", ("models/**/*", "macros/*.sql")),
)


@cache
def code_hash() -> str:
    """A hash of what decides what a deployment makes: 16 hexadecimal digits."""
    columns = {form.name: {field.name: field.sql_type for field in form.fields} for form in all_forms().values()}
    return hashlib.sha256((hash_of_contents(DEPLOYED) + json.dumps(columns)).encode()).hexdigest()[:16]


@cache
def at_start() -> str:
    """A hash of the code as this process, or the one that it was forked from, found it when it first asked."""
    return hash_of_contents(SOURCES)


def has_changed() -> bool:
    """Whether the code on disk is other code than that which this process started with."""
    return at_start() != hash_of_contents(SOURCES)


def hash_of_contents(places: Iterable[tuple[Path, tuple[str, ...]]]) -> str:
    """A hash of the files that match these patterns in these folders, whatever their names and their order."""
    paths = {path for folder, patterns in places for pattern in patterns for path in folder.glob(pattern)}
    return hashlib.sha256("".join(sorted(_hash_of_file(path) for path in paths if path.is_file())).encode()).hexdigest()


def _hash_of_file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
