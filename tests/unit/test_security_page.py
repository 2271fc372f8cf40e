"""docs/security.md names a test for each promise; each of these tests exists."""

import ast
import re

from mangnon.settings import PROJECT

NAMED = re.compile(r"`((?:unit|integration)/[\w/]+\.py)::(test_\w+)`")


def test_each_promise_has_its_test() -> None:
    page = (PROJECT / "docs" / "security.md").read_text(encoding="utf-8")
    promises = [line for line in page.partition("## Promises")[2].partition("\n## ")[0].splitlines()[4:] if line]
    assert len(promises) > 20
    assert [line for line in promises if not NAMED.search(line)] == [], "promises without a test"
    for file, name in NAMED.findall(page):
        tree = ast.parse((PROJECT / "tests" / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, f"{file}::{name}"
