"""What the cells of a form may hold, for one reporter and month: its areas, the codes that are valid, the days."""

from dataclasses import replace
from datetime import date

from mangnon.contract.code_lists import Code, CodeLists, Reporter, month_after
from mangnon.contract.forms import Field, Form
from mangnon.reading.values import Contract, likeness
from mangnon.reading.vocabulary import normalised


def contracts_of(form: Form, code_lists: CodeLists, reporter: Reporter | None, period: date) -> dict[str, Contract]:
    """Returns the contract of each field, by name. For reference data, `reporter` is None: nothing limits its cells."""
    qualifier = next((field.title for field in form.fields if field.name == "qualifier"), None)
    return {
        field.name: replace(_contract(field, code_lists, reporter, period), qualifier=qualifier)
        for field in form.fields
    }


def _contract(field: Field, code_lists: CodeLists, reporter: Reporter | None, period: date) -> Contract:
    if reporter is not None and field.codes:
        valid = (
            code_lists.areas_of(reporter, period) if field.codes == "areas" else code_lists.members(field.codes, period)
        )
        labels = [(code.code, code.label) for code in valid]
        contract = Contract(field, members=_code_members(valid), expired=_code_members(code_lists.every(field.codes)))
    elif field.categories:
        labels = list(field.categories)
        contract = Contract(field, members=_members(field.categories))
    else:
        return Contract(field) if reporter is None else Contract(field, first_day=period, end_day=month_after(period))
    return replace(contract, labels=dict(labels), alike=_alike(labels, field.codes == "areas"))


def _members(categories: tuple[tuple[str, str], ...]) -> dict[str, str]:
    return {normalised(name): value for value, label in categories for name in (value, label)}


def _code_members(codes: list[Code]) -> dict[str, str]:
    return {normalised(name): code.code for code in codes for name in (code.label, code.code, *code.other_codes)}


def _alike(labels: list[tuple[str, str]], is_area: bool) -> dict[str, frozenset[str]]:
    """Returns the codes by the `likeness` of their labels; areas also by their names without the prefix."""
    alike: dict[str, frozenset[str]] = {}
    for code, label in labels:
        own = likeness(label, is_area)
        for key in {own, ":" + own.partition(":")[2]} if is_area else {own}:
            alike[key] = alike.get(key, frozenset()) | {code}
    return alike
