"""The catalogue of what the reader can find: no more and no less than the code finds, with the values it is given."""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

import jinja2
import pytest
from jinja2 import meta

from expectations import RULES
from mangnon.reading.problems import (
    CATALOGUE,
    IN_CELL,
    Problem,
    Severity,
    UnknownWording,
    catalogue,
    common_words,
    rule_of,
    wording,
)
from mangnon.settings import PROJECT
from mangnon.vietnamese import FILTERS

CODE = [*CATALOGUE.parent.rglob("*.py"), *(PROJECT / "src" / "mangnon" / "intake").glob("*.py")]
# The classes that take an id and values, and where these stand among the arguments.
MAKERS = {"Problem": 0, "BadValue": 0, "Inferred": 1}
# A title stands beside a bar of a chart.
LONGEST_TITLE = 60  # characters
PLACE = {"sheet", "row", "cell", "value"}
WORDINGS = {problem_id: text for declared in catalogue().values() for problem_id, text in declared.wordings.items()}


@dataclass(frozen=True)
class Found:
    """A place in the code that makes a problem: its id, and the names of its values, where they can be seen."""

    where: str
    maker: str
    problem_id: str
    names: frozenset[str] | None


def found_in_code() -> Iterator[Found]:
    for path in CODE:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        dictionaries = {  # what a name that is given as the values was assigned before
            (target.id, node.lineno): node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS:
                first, *rest = node.args[MAKERS[node.func.id] :]
                values = rest[0] if rest else ast.Dict([], [])
                if isinstance(values, ast.Name):
                    lines = [line for name, line in dictionaries if name == values.id and line < node.lineno]
                    values = dictionaries[values.id, max(lines)] if lines else values
                names = None
                if isinstance(values, ast.Dict):
                    names = frozenset(key.value for key in values.keys if isinstance(key, ast.Constant))
                if isinstance(first, ast.Constant):
                    yield Found(f"{path.name}:{node.lineno}", node.func.id, str(first.value), names)


FOUND = list(found_in_code())


def placeholders(problem_id: str) -> set[str]:
    environment = jinja2.Environment()
    environment.filters |= dict.fromkeys([*FILTERS, "said"], str)
    return meta.find_undeclared_variables(environment.parse(WORDINGS[problem_id])) - set(common_words())


def texts_in_code() -> set[str]:
    return {
        node.value
        for path in CODE
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_what_the_code_finds_is_in_the_catalogue() -> None:
    assert len(FOUND) > 90, "most are found"
    assert [found for found in FOUND if found.problem_id not in WORDINGS] == []


def test_the_catalogue_has_nothing_that_the_code_does_not_find() -> None:
    assert set(WORDINGS) - texts_in_code() == set()


@pytest.mark.parametrize("found", FOUND, ids=lambda found: f"{found.problem_id} in {found.where}")
def test_a_wording_uses_the_values_that_it_is_given_and_no_others(found: Found) -> None:
    known = placeholders(found.problem_id) - (PLACE if found.maker == "Problem" else set())
    assert found.names is None or found.names - {"is_legacy"} == known - {"is_legacy"}


@pytest.mark.parametrize("rule", catalogue())
def test_a_rule_says_how_grave_it_is_and_ends_its_sentences(rule: str) -> None:
    declared = catalogue()[rule]
    assert declared.severity in get_args(Severity)
    assert {rule_of(problem_id) for problem_id in declared.wordings} == {rule}
    for text in declared.wordings.values():
        assert text.rstrip().endswith((".", "%}", "| said }}", "unicode_advice }}")), text
        assert "  " not in text


def test_no_two_rules_are_one_bar_of_a_chart() -> None:
    titles = [declared.title for declared in catalogue().values()]
    assert [title for title in titles if not title or len(title) > LONGEST_TITLE or title.endswith(".")] == []
    of_all = Counter([*titles, *(rule.message_vi for rule in RULES)])
    assert [title for title, count in of_all.items() if count > 1] == []


def test_a_problem_says_what_and_where() -> None:
    problem = Problem("below_minimum", {"minimum": 0}, row=4, cell="E4", title="Số buổi")
    assert (problem.rule, problem.severity) == ("below_minimum", "critical")
    assert problem.said == "Không được nhỏ hơn 0."
    assert problem.message == IN_CELL.format(cell="E4", title="Số buổi", said=problem.said)


def test_a_cause_is_said_within_its_consequence() -> None:
    cause = {"id": "unknown_code", "values": {"text": "Ha Longg", "choices": ["Hạ Long", "Ba Chẽ"], "is_legacy": False}}
    problem = Problem("legacy_font.column", {"column": "Địa bàn", "cause": cause})
    assert "“Ha Longg” không có trong danh mục. Hãy chọn trong danh sách của ô: “Hạ Long”, “Ba Chẽ”." in problem.said


def test_what_a_cell_says_is_no_template() -> None:
    assert wording("ambiguous_date", {"text": "{{ 7 * 7 }} {% raw %}"}).startswith("“{{ 7 * 7 }} {% raw %}”: ")


@pytest.mark.parametrize(("problem_id", "values"), [("no_such_rule", {}), ("ambiguous_date", {})])
def test_an_unknown_wording_is_told_apart(problem_id: str, values: dict[str, str]) -> None:
    with pytest.raises(UnknownWording, match=problem_id):
        wording(problem_id, values)
