"""Finds the reporter that a text names: by code, or by name with or without prefixes, diacritics and capitals."""

import re
from datetime import date

from mangnon.contract.code_lists import OFFICE, REFERENCE_REPORTER, CodeLists, Reporter
from mangnon.reading.problems import Place, Problem, RefusedFile
from mangnon.reading.vocabulary import body, codes_of_number, normalised, split_area, without_office

CODE = re.compile(r"\w+")


def reporter_of(text: str, period: date, lists: CodeLists, where: Place) -> tuple[str, list[Problem]]:
    """Returns the code of the reporter that a text on the cover names, and what was inferred.

    `where` is the text's cell. A reporter that does not report in the period is returned too: the loader refuses it.
    Raises RefusedFile if the text fits no reporter, or several.
    """
    if not lists.reporters and CODE.fullmatch(text):
        return text, []  # there are no lists yet; the loader checks the code when it has them
    by_code = {normalised(code): code for code in lists.reporters}
    if normalised(text) in by_code:
        return by_code[normalised(text)], []
    found = (
        by_other_code(text, period, lists)
        or by_number(text, period, lists)
        or named_exactly(text, lists)
        or named_in(text, period, lists)
    )
    valid = [reporter for reporter in found if reporter.is_valid_in(period)]
    if len(valid) == 1 or (not valid and len(found) == 1):
        reporter = (valid or found)[0]
        return reporter.code, [inferred(reporter, text, where)]
    raise RefusedFile(unknown(text, where) if not valid else ambiguous(text, valid, where))


def refuse_reference(named: str, place: str | None, where: Place) -> None:
    """Raises RefusedFile if a file claims to be reference data and did not come by the way of reference data."""
    if named == REFERENCE_REPORTER != place:
        raise RefusedFile(Problem("reference_not_here", **where, value=named))


def refuse_other_place(code: str, place: str | None, named: str, where: Place) -> None:
    """Raises RefusedFile if the file lies in the place of another reporter than the one that it names.

    The problem says what the file says, and nothing else about the reporter that it names.
    """
    if place not in (None, OFFICE, code):
        raise RefusedFile(Problem("reporter_not_of_place", {"place": place}, **where, value=named))


def by_other_code(text: str, period: date, lists: CodeLists) -> list[Reporter]:
    """Returns the reporters of the area that has this code in other lists."""
    areas = {area.code for area in lists.members("areas", period) if text.strip() in area.other_codes}
    return [
        reporter
        for reporter in lists.reporters.values()
        if reporter.area in areas and reporter.kind != "provincial_body"
    ]


def by_number(text: str, period: date, lists: CodeLists) -> list[Reporter]:
    """Returns the reporters whose code, or the other code of whose area, lost its zeros when it became this number."""
    others = {other for area in lists.members("areas", period) for other in area.other_codes}
    found = [lists.reporters[code] for code in codes_of_number(text, lists.reporters)]
    for code in codes_of_number(text, others):
        found += [reporter for reporter in by_other_code(code, period, lists) if reporter not in found]
    return found


def named_exactly(text: str, lists: CodeLists) -> list[Reporter]:
    """Returns the reporters with exactly this name."""
    return [reporter for reporter in lists.reporters.values() if normalised(reporter.name) == normalised(text)]


def named_in(text: str, period: date | None, lists: CodeLists) -> list[Reporter]:
    """Returns the reporters whose name or area is the text, compared without diacritics and prefixes.

    If some of them are valid in the period, it returns only those.
    """
    wanted = body(text)
    province = _province(lists)
    found = [reporter for reporter in lists.reporters.values() if _is_named(wanted, reporter, lists, province)]
    return [reporter for reporter in found if period and reporter.is_valid_in(period)] or found


def mentioned_in(text: str, period: date | None, lists: CodeLists) -> list[Reporter]:
    """Returns the reporters whose area a longer text mentions with its prefix: `… trên địa bàn huyện Ba Chẽ`."""
    words = f" {body(text)} "
    return [
        reporter
        for reporter in lists.reporters.values()
        if reporter.kind != "provincial_body"
        and (period is None or reporter.is_valid_in(period))
        and any(f" {prefix} {base} " in words for prefix, base in _prefixed(reporter))
    ]


def _prefixed(reporter: Reporter) -> list[tuple[str, str]]:
    level, base = split_area(without_office(body(reporter.name)))
    prefixes = {
        "district": ("thanh pho", "tp", "t p", "thi xa", "tx", "t x", "huyen"),
        "commune": ("xa", "phuong", "thi tran", "dac khu"),
    }
    return [(prefix, base) for prefix in prefixes.get(level or "", ())]


def _is_named(wanted: str, reporter: Reporter, lists: CodeLists, province: str) -> bool:
    name = body(reporter.name)
    if reporter.kind == "provincial_body":
        endings = {"", f" tinh {province}", f" {province}", " tinh"}
        return wanted in {name + ending for ending in endings} or wanted == name.removesuffix(" tinh") + f" {province}"
    level, base = split_area(without_office(wanted))
    own_level, own_base = split_area(without_office(name))
    return base == own_base and level in (None, own_level)


def _province(lists: CodeLists) -> str:
    return next((split_area(area.label)[1] for area in lists.every("areas") if area.parent is None), "")


def inferred(reporter: Reporter, text: str, where: Place) -> Problem:
    """Returns the problem that says which reporter the text was taken for."""
    return Problem("inferred_reporter", {"name": reporter.name, "code": reporter.code}, **where, value=text)


def unknown(text: str, where: Place) -> Problem:
    """Returns the problem of a text that names no known reporter."""
    return Problem("reporter_unknown.text", {"is_code": CODE.fullmatch(text) is not None}, **where, value=text)


def ambiguous(text: str, reporters: list[Reporter], where: Place) -> Problem:
    """Returns the problem of a text that may name several reporters."""
    choices = [{"name": reporter.name, "code": reporter.code} for reporter in reporters]
    return Problem("reporter_ambiguous", {"reporters": choices}, **where, value=text)
