"""Reads cells into typed values, strictly by the contract of their field.

A cell of a workbook is a text, a number or a day; a cell of a CSV is a text. Numbers in texts are Vietnamese (see
`numbers`): `49.980` is 49980, and `17.316,469 triệu` is 17316469000 đồng. A number cell has lost these marks: 4.989 may
have been typed as 4989 or as 4,989. So a fraction where a whole number belongs is refused, never guessed. Some values
are understood although they are not written as the contract says (`-` for zero, `TP Ha Long`); they are returned as
inferred. Arrow reads whole columns at once; only the remaining cells are read one by one.
"""

import dataclasses
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mangnon.contract.forms import Field
from mangnon.reading.cells import DAY_AS_TEXT, NUL_SIGN, Cells
from mangnon.reading.days import Day, NoDay, day_of, iso_day, serial_day, swapped
from mangnon.reading.numbers import may_have_meant, read_number, read_unambiguous, with_plain_spaces
from mangnon.reading.problems import BadValue, Values
from mangnon.reading.vocabulary import (
    NIL_IS_MISSING,
    NIL_IS_ZERO,
    UNITS,
    codes_of_number,
    fold,
    normalised,
    split_area,
    unit_of,
)
from mangnon.vietnamese import number as written

# No count of children and no sum of money in the province comes near 10^15.
LARGEST = 10**15
# A number that may have a fraction has so many decimals, and fits into 18 digits.
DECIMALS, LARGEST_NUMBER = 6, 10**12
# A message about an unknown code lists the accepted labels if there are no more than this.
CHOICES_SHOWN = 14
PLAIN_INTEGER = r"^-?(?:[1-9][0-9]{0,2}(?:\.[0-9]{3}){1,4}|[0-9]{1,15})$"
AMOUNT = re.compile(r"(?P<number>[+\-\u2212]?[0-9][0-9., ]*?)\s*(?P<unit>[^\d\s.,].*)?")
# A number cell is what a computer adds up, with noise beyond so many digits: 330.00000000000006 is 330.
DIGITS = ".15g"
DECIMALS_SHOWN = 15


@dataclass(frozen=True)
class Inferred:
    """A value that was understood although it is not written as the contract says, with the problem that says so."""

    value: Any
    id: str
    values: Values


@dataclass(frozen=True)
class ReadColumn:
    """The typed values of a column, null where the cell is empty or bad."""

    values: pa.Array
    bad: dict[int, BadValue]  # by index
    inferred: dict[int, Inferred]  # by index of the first cell with this content


@dataclass(frozen=True)
class Contract:
    """A field, and what the submission says about it."""

    field: Field
    unit: str | None = None  # for money: the unit in the header or above the table
    qualifier: str | None = None  # for numbers: the column of the form that says `khoảng` or `trên`
    first_day: date | None = None  # days must lie in [first_day, end_day)
    end_day: date | None = None
    members: Mapping[str, str] | None = None  # normalised code or label → code
    expired: Mapping[str, str] | None = None  # the same for members that are not valid in the period
    alike: Mapping[str, frozenset[str]] = dataclasses.field(default_factory=dict)  # `likeness` of a label → codes
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)  # code → label


def likeness(name: str, is_area: bool) -> str:
    """Returns the key that similar labels share: the fold; for an area, the level of its prefix and the fold."""
    if not is_area:
        return fold(name)
    level, base = split_area(name)
    return f"{level or ''}:{base}"


def read_column(contract: Contract, cells: Cells) -> ReadColumn:
    """Returns the typed values of a column, the cells that break the contract, and what was inferred."""
    column = READERS[contract.field.type](contract, cells)
    bad = column.bad
    if contract.field.required:
        for index in _indices(pc.is_null(column.values)):
            bad.setdefault(index, BadValue("required"))
    for index, problem in _out_of_bounds(contract.field, column.values):
        bad[index] = problem
    return column


def _read_integers(contract: Contract, cells: Cells) -> ReadColumn:
    if contract.field.unit and (contract.unit is None or UNITS[contract.unit] != 1):
        return _read_odd(cells, pa.nulls(len(cells), pa.int64()), _or_nil(lambda cell: _amount(cell, contract)))
    plain = pc.if_else(pc.match_substring_regex(cells.text, PLAIN_INTEGER), cells.text, pa.scalar(None, pa.string()))
    values = pc.cast(pc.replace_substring(plain, ".", ""), pa.int64())
    if cells.number is not None:
        whole = pc.and_(pc.equal(pc.floor(cells.number), cells.number), pc.less(pc.abs(cells.number), LARGEST))
        whole_numbers = pc.if_else(whole, cells.number, pa.scalar(None, pa.float64()))
        values = pc.coalesce(values, pc.cast(whole_numbers, pa.int64()))
    read = _amount if contract.field.unit else _count
    return _read_odd(cells, values, _or_nil(lambda cell: read(cell, contract)))


def _read_numbers(contract: Contract, cells: Cells) -> ReadColumn:
    is_percent = "%" in contract.field.title

    def number(cell: object) -> Decimal:
        if isinstance(cell, float) and is_percent and 0 < cell <= 1:  # a cell that shows 50% holds 0.5
            found = {"number": f"{cell:.15g}", "percent": f"{cell * 100:.15g}", "shown": None}
            raise BadValue("ambiguous_percent", found)
        text = str(cell).removesuffix("%").strip() if is_percent else str(cell)
        value = Decimal(format(cell, DIGITS)) if isinstance(cell, float) else read_number(text)
        if abs(value) >= LARGEST_NUMBER:
            raise BadValue("too_large.number")
        return round(value, DECIMALS)

    return _read_odd(cells, pa.nulls(len(cells), pa.decimal128(18, 6)), _or_nil(number))


def _read_days(contract: Contract, cells: Cells) -> ReadColumn:
    def read(cell: object) -> object:
        if normalised(str(cell)) in NIL_IS_MISSING | {"-", "–"}:
            return _missing(cell)
        if (serial := _serial_day(cell, contract)) is not None:
            return serial
        day = _day(cell, contract.field.format)
        if not _is_in_period(day.value, contract):
            period, other = contract.first_day, swapped(day.value)
            if other and _is_in_period(other, contract):
                found = {"day": day.value, "period": period, "swapped": other, "shown": None}
                raise BadValue("date_outside_period.swapped", found)
            raise BadValue("date_outside_period.other", {"day": day.value, "period": period, "shown": None})
        if day.is_usual:
            return day.value
        return Inferred(day.value, "inferred_date.text", {"text": cell, "day": day.value})

    return _read_odd(cells, pa.nulls(len(cells), pa.date32()), read)


def _read_strings(contract: Contract, cells: Cells) -> ReadColumn:
    def text(cell: object) -> object:
        shown = str(cell)
        if isinstance(cell, float | date):
            shown = format(cell, ".15g" if isinstance(cell, float) else DAY_AS_TEXT)
        if NUL_SIGN in shown:
            raise BadValue("unstorable_text.cell")
        if contract.members is None:
            return " ".join(unicodedata.normalize("NFC", shown).split())
        return _member(shown, contract)

    column = _read_odd(cells, pa.nulls(len(cells), pa.string()), text)
    return _with_default(column, contract.field.default)


def _read_booleans(contract: Contract, cells: Cells) -> ReadColumn:
    answers = {normalised(value): True for value in contract.field.true_values}
    answers |= {normalised(value): False for value in contract.field.false_values}

    def answer(cell: object) -> bool:
        try:
            return answers[normalised(str(cell))]
        except KeyError:
            raise BadValue("not_yes_or_no", {"accepted": list(contract.field.true_values[:2])}) from None

    return _with_default(_read_odd(cells, pa.nulls(len(cells), pa.bool_()), answer), bool(contract.field.default))


READERS: dict[str, Callable[[Contract, Cells], ReadColumn]] = {
    "integer": _read_integers,
    "number": _read_numbers,
    "date": _read_days,
    "string": _read_strings,
    "boolean": _read_booleans,
}


def _read_odd(cells: Cells, values: pa.Array, read: Callable[[object], object]) -> ReadColumn:
    """Reads the cells that have no value yet, each distinct content once."""
    bad: dict[int, BadValue] = {}
    inferred: dict[int, Inferred] = {}
    for column in (cells.text, cells.number, cells.day):
        if column is None:
            continue
        todo = pc.and_(pc.is_valid(column), pc.is_null(values))
        if not pc.any(todo).as_py():
            continue
        encoded = pc.if_else(todo, column, pa.scalar(None, column.type)).dictionary_encode()
        members, problems = [], {}
        for code, cell in enumerate(encoded.dictionary.to_pylist()):
            try:
                value = read(cell)
            except BadValue as problem:
                value = None
                problems[code] = problem.with_traceback(None)  # which would keep every frame in memory
            if isinstance(value, Inferred):
                inferred[pc.index(encoded.indices, pa.scalar(code, encoded.indices.type)).as_py()] = value
                value = value.value
            members.append(value)
        values = pc.coalesce(values, pa.array(members, values.type).take(encoded.indices))
        if problems:
            wrong = pc.is_in(encoded.indices, pa.array(list(problems), encoded.indices.type))
            codes = encoded.indices.to_pylist()
            bad |= {index: problems[codes[index]] for index in _indices(wrong)}
    return ReadColumn(values, bad, inferred)


def _with_default(column: ReadColumn, default: object) -> ReadColumn:
    return column if default is None else ReadColumn(column.values.fill_null(default), column.bad, column.inferred)


def _or_nil(read: Callable[[object], object]) -> Callable[[object], object]:
    """Returns a reader that also understands the signs for zero and for a missing number, and refuses days."""

    def read_or_nil(cell: object) -> object:
        if isinstance(cell, date):
            raise BadValue("not_a_number.day", {"day": cell, "shown": None})
        sign = normalised(str(cell))
        if sign in NIL_IS_ZERO:
            return Inferred(0, "inferred_zero", {"text": str(cell)})
        return _missing(cell) if sign in NIL_IS_MISSING else read(cell)

    return read_or_nil


def _missing(cell: object) -> Inferred:
    return Inferred(None, "inferred_missing", {"text": str(cell)})


def _count(cell: object, contract: Contract) -> int:
    if isinstance(cell, float):
        return _whole_cell(cell)
    try:
        number = read_unambiguous(str(cell))
    except BadValue as bad:
        if bad.id == "not_a_number.not_exact":
            raise BadValue(bad.id, {**bad.values, "column": contract.qualifier}) from None
        raise
    return _whole(number, BadValue("fraction.count", {"column": contract.field.title}))


def _amount(cell: object, contract: Contract) -> object:
    """Returns the amount in đồng. A unit in the cell overrides the unit of the column."""
    number, unit = (Decimal(_whole_cell(cell)), None) if isinstance(cell, float) else _sum_of_money(str(cell))
    if not unit and contract.unit is None:
        raise BadValue("unit_missing.cell", {"column": contract.field.title})
    factor = UNITS[unit or contract.unit or "đồng"]
    amount = _whole(number * factor, BadValue("fraction.money"))
    if unit and contract.unit and factor != UNITS[contract.unit]:
        return Inferred(amount, "inferred_unit.cell", {"text": str(cell), "unit": contract.unit})
    return amount


def _sum_of_money(text: str) -> tuple[Decimal, str | None]:
    """Returns the number and the unit of a text such as `4.989 triệu đồng`."""
    matched = AMOUNT.fullmatch(with_plain_spaces(text))
    unit = matched and matched["unit"] and unit_of(matched["unit"])
    try:
        return read_unambiguous(matched["number"] if matched and unit else text), unit or None
    except BadValue as bad:
        if bad.id in ("not_a_number.count", "not_a_number.word", "not_a_number.not_exact"):
            raise BadValue("not_a_number.money") from None
        raise


def _whole_cell(cell: float) -> int:
    """Returns the whole number that a number cell holds."""
    exact = Decimal(format(cell, DIGITS))
    if abs(exact) >= LARGEST:
        raise BadValue("too_large.number")
    if exact != exact.to_integral_value():
        shown = written(round(exact, DECIMALS_SHOWN))
        raise BadValue("ambiguous_number.cell", {"number": shown, "readings": may_have_meant(cell), "shown": None})
    return int(exact)


def _whole(value: Decimal, fraction: BadValue) -> int:
    if abs(value) >= LARGEST:
        raise BadValue("too_large.number")
    if value != value.to_integral_value():
        raise fraction
    return int(value)


def _day(cell: object, pattern: str | None) -> Day:
    if isinstance(cell, date):
        return Day(cell, is_usual=True)
    try:
        return Day(iso_day(str(cell)), is_usual=True) if pattern == "%Y-%m-%d" else day_of(str(cell))
    except NoDay as error:
        raise BadValue(error.problem_id, error.values) from None


def _serial_day(cell: object, contract: Contract) -> Inferred | None:
    """Returns the day that Excel stores as this number; None if the cell, which may be a CSV's text, is no such number.

    Raises BadValue if the day lies outside the period.
    """
    value = serial_day(str(cell)) if contract.first_day and contract.end_day else None
    if value is None:
        return None
    number = int(float(str(cell)))
    if not _is_in_period(value, contract):
        raise BadValue("not_a_date.number", {"number": number, "day": value, "period": contract.first_day})
    return Inferred(value, "inferred_date.number", {"number": number, "day": value})


def _is_in_period(day: date, contract: Contract) -> bool:
    return not (contract.first_day and contract.end_day) or contract.first_day <= day < contract.end_day


def _member(text: str, contract: Contract) -> object:
    wanted = normalised(text)
    members = contract.members or {}
    if wanted in members:
        return members[wanted]
    if not contract.field.required and wanted in NIL_IS_ZERO | NIL_IS_MISSING:
        return _missing(text)
    if contract.expired and wanted in contract.expired:
        raise BadValue("code_not_valid", {"text": text, "is_legacy": False})
    codes = contract.alike.get(likeness(text, contract.field.codes == "areas"), frozenset())
    labels = [contract.labels[code] for code in sorted(codes)]
    if len(codes) == 1:
        return Inferred(next(iter(codes)), "inferred_code", {"text": text, "label": labels[0]})
    if len(stripped := {members[code] for code in codes_of_number(wanted, members)}) == 1:
        code = stripped.pop()
        return Inferred(code, "inferred_code", {"text": text, "label": contract.labels[code]})
    if codes:
        raise BadValue("ambiguous_code", {"text": text, "labels": labels, "is_legacy": False})
    choices = list(contract.labels.values())
    shown = choices if len(choices) <= CHOICES_SHOWN else []
    raise BadValue("unknown_code", {"text": text, "choices": shown, "is_legacy": False})


def _out_of_bounds(field: Field, values: pa.Array) -> Iterator[tuple[int, BadValue]]:
    if field.minimum is not None:
        for index in _indices(pc.less(values, pa.scalar(field.minimum, values.type))):
            yield index, BadValue("below_minimum", {"minimum": field.minimum})
    if field.maximum is not None:
        for index in _indices(pc.greater(values, pa.scalar(field.maximum, values.type))):
            yield index, BadValue("above_maximum", {"maximum": field.maximum})


def _indices(mask: pa.Array) -> list[int]:
    return pc.indices_nonzero(mask.fill_null(False)).to_pylist()
