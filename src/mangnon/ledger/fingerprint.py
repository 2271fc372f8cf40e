"""The fingerprint: a hash of what decides a load's rows.

That is the content of the forms, of the reader, and of the staging, dimension and fact models with the macros that they
call, the versions of the libraries that the reader imports, and the reference data. Not the git commit, not the names
of files, and nothing that only shows or explains: a file that moved, a mended report or a better help text must not
make every load stale.
"""

import ast
import hashlib
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from mangnon.contract.code_lists import CodeLists
from mangnon.ledger.code_lists import counting_reference_loads, list_hash, read_code_lists
from mangnon.settings import PROJECT
from mangnon.warehouse import Connection
from mangnon.warehouse.code_hash import PACKAGE

# The code that turns a file into rows of `raw`.
READER = ("contract/forms.py", "contract/code_lists.py", "reading/**/*", "intake/rows.py")
# Where the reader runs: in a process with limits. It decides no row.
AROUND = "reading/isolation/*"
# The declarations: the forms, and the severity of each problem. Of each, the keys that only people read: the title of a
# field decides which column is read, that of a problem nothing.
DECLARED = {
    "contract/*.yml": {"description", "grain", "help"},
    "reading/*.yml": {"means", "title", "wording", "words"},
}
# The part of the reader that puts what was found into words: its libraries parse nothing of a file.
WORDING = "problems.py"
# The models that a night appends a load's rows with.
MODELS = ("dimensions", "facts")

MACRO = re.compile(r"\{%-?\s*macro\s+(\w+).*?\{%-?\s*endmacro\s*-?%\}", re.DOTALL)
REFERENCE = re.compile(r"\bref\(\s*['\"](\w+)['\"]")
CALL = re.compile(r"\b(\w+)\(")


@dataclass(frozen=True)
class Basis:
    """What files are read with: the code lists of these loads, and the fingerprint that says so."""

    reference_load_ids: list[int]
    code_lists: CodeLists
    fingerprint: str


def basis(connection: Connection, known: Basis | None = None) -> Basis:
    """What a reading made now is made with: one state of the lists, also if others are accepted meanwhile.

    Returns `known` as long as the same lists count.
    """
    load_ids = counting_reference_loads(connection)
    if known and known.reference_load_ids == load_ids:
        return known
    return Basis(load_ids, read_code_lists(connection, load_ids), _with_lists(connection, load_ids))


def fingerprint(connection: Connection) -> str:
    """The fingerprint of a reading made now: 16 hexadecimal digits."""
    return _with_lists(connection, counting_reference_loads(connection))


def _with_lists(connection: Connection, reference_load_ids: list[int]) -> str:
    # The rows of a list decide, not its file: the same list delivered again makes no load stale.
    lists = connection.execute(
        "select form, load_id from ops.loads where load_id = any(%s) order by form, load_id", [reference_load_ids]
    ).fetchall()
    hashes = [f"{form}:{list_hash(connection, form, load_id)}" for form, load_id in lists]
    return hashlib.sha256(" ".join([code(), *hashes]).encode()).hexdigest()[:16]


@cache
def code() -> str:
    """Returns the hash of the code and of the libraries that parse."""
    return hash_of_code(PACKAGE, PROJECT / "dbt_project")


def hash_of_code(package: Path, dbt_project: Path) -> str:
    """The hash of all that decides a load's rows but the reference data."""
    texts = [*_contents(package, READER), *_declarations(package), *_models(dbt_project)]
    hashes = sorted(hashlib.sha256(text.encode()).hexdigest() for text in texts)
    return hashlib.sha256(" ".join([*hashes, *_libraries(package)]).encode()).hexdigest()


def _contents(package: Path, patterns: tuple[str, ...]) -> list[str]:
    paths = {path for pattern in patterns for path in package.glob(pattern)} - set(package.glob(AROUND))
    return [
        path.read_text(encoding="utf-8") for path in paths if path.is_file() and path.suffix not in (".pyc", ".yml")
    ]


def _libraries(package: Path) -> list[str]:
    """Returns the libraries that the reader imports, with versions; each distribution is named like its module."""
    imported = {
        module.partition(".")[0]
        for path in package.glob("reading/**/*.py")
        if path.name != WORDING
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for module in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [name.name for name in node.names])
    }
    return [f"{name} {version(name)}" for name in sorted(imported - sys.stdlib_module_names - {PACKAGE.name})]


def _declarations(package: Path) -> Iterator[str]:
    for pattern, prose in DECLARED.items():
        for path in package.glob(pattern):
            yield json.dumps(_without(prose, yaml.safe_load(path.read_text(encoding="utf-8"))))


def _without(prose: set[str], declared: Any) -> Any:
    if isinstance(declared, dict):
        return {name: _without(prose, value) for name, value in declared.items() if name not in prose}
    return [_without(prose, value) for value in declared] if isinstance(declared, list) else declared


def _models(dbt_project: Path) -> list[str]:
    """The SQL of a night's models, and of every model and macro that it names, however far away."""
    models = {path.stem: path.read_text(encoding="utf-8") for path in dbt_project.glob("models/**/*.sql")}
    macros = {
        macro[1]: macro[0]
        for path in dbt_project.glob("macros/**/*.sql")
        for macro in MACRO.finditer(path.read_text(encoding="utf-8"))
    }
    waiting = [models[path.stem] for part in MODELS for path in dbt_project.glob(f"models/core/{part}/*.sql")]
    found: set[str] = set()
    while waiting:
        text = waiting.pop()
        found.add(text)
        named = [models.get(name) for name in REFERENCE.findall(text)]
        named += [macros.get(name) for name in CALL.findall(text)]
        waiting += [other for other in named if other and other not in found]
    return list(found)
