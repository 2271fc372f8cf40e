"""Who a text means: a code, or a name with or without prefixes, diacritics and capitals."""

import re
from datetime import date

from mangnon.contract.code_lists import CodeLists, Reporter
from mangnon.reading.problems import Place, Problem, RefusedFile
from mangnon.reading.vocabulary import body, normalised, split_area, without_office

CODE = re.compile(r"\w+")


def reporter_of(text: str, period: date, lists: CodeLists, where: Place) -> tuple[str, list[Problem]]:
    """The code of the reporter that a text on the cover means, and what was inferred.

    `where` says which cell it is. Raises RefusedFile when nobody or more than one can be meant. A code of whoever does
    not report in the period is returned all the same, for the loader to refuse.
    """
    if not lists.reporters and CODE.fullmatch(text):
        return text, []  # no lists yet: whoever loads it will have them
    by_code = {normalised(code): code for code in lists.reporters}
    if normalised(text) in by_code:
        return by_code[normalised(text)], []
    found = by_other_code(text, period, lists) or named_exactly(text, lists) or named_in(text, period, lists)
    valid = [reporter for reporter in found if reporter.is_valid_in(period)]
    if len(valid) == 1 or (not valid and len(found) == 1):
        reporter = (valid or found)[0]
        return reporter.code, [inferred(reporter, text, where)]
    raise RefusedFile(unknown(text, where) if not valid else ambiguous(text, valid, where))


def by_other_code(text: str, period: date, lists: CodeLists) -> list[Reporter]:
    """The reporters of the area that other lists give this code to."""
    areas = {area.code for area in lists.members("areas", period) if text.strip() in area.other_codes}
    return [
        reporter
        for reporter in lists.reporters.values()
        if reporter.area in areas and reporter.kind != "provincial_body"
    ]


def named_exactly(text: str, lists: CodeLists) -> list[Reporter]:
    """The reporters of that very name."""
    return [reporter for reporter in lists.reporters.values() if normalised(reporter.name) == normalised(text)]


def named_in(text: str, period: date | None, lists: CodeLists) -> list[Reporter]:
    """The reporters whose name or area a text gives, compared without diacritics and prefixes; valid ones if any."""
    wanted = body(text)
    province = _province(lists)
    found = [reporter for reporter in lists.reporters.values() if _is_named(wanted, reporter, lists, province)]
    return [reporter for reporter in found if period and reporter.is_valid_in(period)] or found


def mentioned_in(text: str, period: date | None, lists: CodeLists) -> list[Reporter]:
    """The reporters whose area a longer text names with its prefix: `… trên địa bàn huyện Ba Chẽ`."""
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
    """What to record when the reporter was not given by its code."""
    return Problem("inferred_reporter", {"name": reporter.name, "code": reporter.code}, **where, value=text)


def unknown(text: str, where: Place) -> Problem:
    """The problem of a reporter that is in no list."""
    return Problem("reporter_unknown.text", {"is_code": CODE.fullmatch(text) is not None}, **where, value=text)


def ambiguous(text: str, reporters: list[Reporter], where: Place) -> Problem:
    """The problem of several reporters, one of which has to be chosen."""
    choices = [{"name": reporter.name, "code": reporter.code} for reporter in reporters]
    return Problem("reporter_ambiguous", {"reporters": choices}, **where, value=text)
