"""From cells to typed values, strictly by the contract of the field.

A cell of a workbook is text, a number or a day; a cell of a CSV is text. Text is Vietnamese: `49.980` is 49980 and
`17.316,469 triệu` is 17316469000 đồng. A number typed into a cell has no such marks any more: `4.989` may have been
4989 or 4,989, so a fraction where a whole number belongs is refused, never guessed. Whole columns are read at once
(Arrow); only the odd cells are looked at one by one.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
from babel.numbers import NumberFormatError, parse_decimal

from mangnon.forms import Field

UNITS = {
    "đồng": 1, "đ": 1, "vnđ": 1, "vnd": 1,
    "nghìn đồng": 10**3, "ngàn đồng": 10**3, "nghìn": 10**3, "ngàn": 10**3,
    "triệu đồng": 10**6, "triệu": 10**6,
    "tỷ đồng": 10**9, "tỉ đồng": 10**9, "tỷ": 10**9, "tỉ": 10**9,
}  # fmt: skip

# Letters that look like Đ and đ but are Icelandic or African.
LOOK_ALIKES = {"Ð": "Đ", "Ɖ": "Đ", "ð": "đ", "ɖ": "đ"}

# No count of children and no sum of money in the province comes near 10^15.
LARGEST = 10**15
PLAIN_INTEGER = r"^-?(?:[0-9]{1,3}(?:\.[0-9]{3}){1,4}|[0-9]{1,15})$"
DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
AMOUNT = re.compile(r"(?P<number>[-\d.,]+)\s*(?P<unit>[^\d\s].*)?")


class BadValue(Exception):
    """A cell breaks the contract of its field."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message


@dataclass(frozen=True)
class Cells:
    """A column of n cells: each is text, a number, a day, or (all three null) empty."""

    text: pa.Array
    number: pa.Array | None = None
    day: pa.Array | None = None

    @classmethod
    def of(cls, values: Sequence[object]) -> "Cells":
        """The cells of a workbook's column, as the workbook's reader gives them."""
        kinds = set(map(type, values))
        as_text = str if kinds <= {str} else _as_text if kinds - {str, float, int} else _only_text
        texts = values if as_text is str else [as_text(value) for value in values]
        numbers = days = None
        if kinds & {float, int}:
            numbers = pa.array([value if type(value) in (float, int) else None for value in values], pa.float64())
        if kinds & {date, datetime}:
            days = pa.array([_as_day(value) for value in values], pa.date32())
        return cls(_stripped(pa.array(texts, pa.string())), numbers, days)

    @classmethod
    def of_text(cls, texts: pa.Array) -> "Cells":
        """The cells of a CSV's column."""
        return cls(_stripped(texts))

    def __len__(self) -> int:
        return len(self.text)

    def filter(self, kept: pa.Array) -> "Cells":
        """The cells of the kept rows."""
        return Cells(
            *(None if column is None else column.filter(kept) for column in (self.text, self.number, self.day))
        )

    def filled(self) -> pa.Array:
        """Which cells are not empty."""
        filled = pc.is_valid(self.text)
        for other in (self.number, self.day):
            if other is not None:
                filled = pc.or_(filled, pc.is_valid(other))
        return filled

    def shown(self, index: int) -> str | None:
        """The cell as its sender would recognise it."""
        if (text := self.text[index].as_py()) is not None:
            return text
        if self.number is not None and (number := self.number[index].as_py()) is not None:
            return f"{number:.15g}"
        if self.day is not None and (day := self.day[index].as_py()) is not None:
            return f"{day:%d/%m/%Y}"
        return None


@dataclass(frozen=True)
class Contract:
    """A field, and what reading it needs to know of the submission."""

    field: Field
    unit: str | None = None  # of the header, for money
    first_day: date | None = None  # days lie in [first_day, end_day)
    end_day: date | None = None
    members: Mapping[str, str] | None = None  # normalised code or label → code
    expired: Mapping[str, str] | None = None  # the same for members that are not valid in the period


def normalised(text: str) -> str:
    """The form in which texts are compared: NFC, Đ for its look-alikes, single spaces, case-folded."""
    text = unicodedata.normalize("NFC", text)
    for letter, right in LOOK_ALIKES.items():
        text = text.replace(letter, right)
    return " ".join(text.split()).casefold()


def read_column(contract: Contract, cells: Cells) -> tuple[pa.Array, dict[int, BadValue]]:
    """The typed values of a column, and what is wrong with the cells that have none."""
    values, bad = READERS[contract.field.type](contract, cells)
    if contract.field.required:
        empty = pc.and_not(pc.invert(cells.filled()), pc.is_valid(values))
        bad |= {index: BadValue("required", "Ô này bắt buộc phải có giá trị.") for index in _indices(empty)}
    for index, problem in _out_of_bounds(contract.field, values):
        bad[index] = problem
    return values, bad


def _read_integers(contract: Contract, cells: Cells) -> tuple[pa.Array, dict[int, BadValue]]:
    if contract.field.unit and UNITS[contract.unit or contract.field.unit] != 1:
        return _read_odd(cells, pa.nulls(len(cells), pa.int64()), lambda cell: _amount(cell, contract))
    plain = pc.if_else(pc.match_substring_regex(cells.text, PLAIN_INTEGER), cells.text, pa.scalar(None, pa.string()))
    values = pc.cast(pc.replace_substring(plain, ".", ""), pa.int64())
    if cells.number is not None:
        whole = pc.and_(pc.equal(pc.floor(cells.number), cells.number), pc.less(pc.abs(cells.number), LARGEST))
        whole_numbers = pc.if_else(whole, cells.number, pa.scalar(None, pa.float64()))
        values = pc.coalesce(values, pc.cast(whole_numbers, pa.int64()))
    read = _amount if contract.field.unit else _count
    return _read_odd(cells, values, lambda cell: read(cell, contract))


def _read_numbers(contract: Contract, cells: Cells) -> tuple[pa.Array, dict[int, BadValue]]:
    def number(cell: object) -> Decimal:
        return Decimal(str(cell)) if isinstance(cell, float) else _decimal(cell)

    return _read_odd(cells, pa.nulls(len(cells), pa.decimal128(18, 6)), number)


def _read_days(contract: Contract, cells: Cells) -> tuple[pa.Array, dict[int, BadValue]]:
    def day(cell: object) -> date:
        value = _day(cell, contract.field.format)
        if contract.first_day and contract.end_day and not contract.first_day <= value < contract.end_day:
            raise BadValue(
                "date_outside_period", f"Ngày {value:%d/%m/%Y} nằm ngoài kỳ báo cáo {contract.first_day:%m/%Y}."
            )
        return value

    return _read_odd(cells, pa.nulls(len(cells), pa.date32()), day)


def _read_strings(contract: Contract, cells: Cells) -> tuple[pa.Array, dict[int, BadValue]]:
    def text(cell: object) -> str:
        shown = (
            f"{cell:.15g}" if isinstance(cell, float) else f"{cell:%d/%m/%Y}" if isinstance(cell, date) else str(cell)
        )
        if contract.members is None:
            return " ".join(unicodedata.normalize("NFC", shown).split())
        return _member(shown, contract)

    values, bad = _read_odd(cells, pa.nulls(len(cells), pa.string()), text)
    return (values if contract.field.default is None else values.fill_null(contract.field.default)), bad


def _read_booleans(contract: Contract, cells: Cells) -> tuple[pa.Array, dict[int, BadValue]]:
    answers = {normalised(value): True for value in contract.field.true_values}
    answers |= {normalised(value): False for value in contract.field.false_values}

    def answer(cell: object) -> bool:
        try:
            return answers[normalised(str(cell))]
        except KeyError:
            raise BadValue(
                "not_yes_or_no", f"Ghi {' hoặc '.join(contract.field.true_values[:2])}, hoặc để trống."
            ) from None

    values, bad = _read_odd(cells, pa.nulls(len(cells), pa.bool_()), answer)
    return values.fill_null(bool(contract.field.default)), bad


READERS: dict[str, Callable[[Contract, Cells], tuple[pa.Array, dict[int, BadValue]]]] = {
    "integer": _read_integers,
    "number": _read_numbers,
    "date": _read_days,
    "string": _read_strings,
    "boolean": _read_booleans,
}


def _read_odd(cells: Cells, values: pa.Array, read: Callable[[object], object]) -> tuple[pa.Array, dict[int, BadValue]]:
    """Fills in the cells that have no value yet, each different one read once."""
    bad: dict[int, BadValue] = {}
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
                members.append(read(cell))
            except BadValue as problem:
                members.append(None)
                problems[code] = problem
        values = pc.coalesce(values, pa.array(members, values.type).take(encoded.indices))
        if problems:
            wrong = pc.is_in(encoded.indices, pa.array(list(problems), encoded.indices.type))
            codes = encoded.indices.to_pylist()
            bad |= {index: problems[codes[index]] for index in _indices(wrong)}
    return values, bad


def _count(cell: object, contract: Contract) -> int:
    if isinstance(cell, float):
        raise BadValue("ambiguous_number", _ambiguous(cell))
    return _whole(_decimal(cell), f"{contract.field.title} phải là số nguyên.")


def _amount(cell: object, contract: Contract) -> int:
    """Đồng."""
    factor = UNITS[contract.unit or contract.field.unit or "đồng"]
    if isinstance(cell, float):
        if not cell.is_integer():
            raise BadValue("ambiguous_number", _ambiguous(cell))
        return _whole(Decimal(cell) * factor, "Số tiền quá lớn.")
    matched = AMOUNT.fullmatch(str(cell))
    unit = matched and matched["unit"]
    if matched is None or (unit and normalised(unit) not in UNITS):
        raise BadValue("not_a_number", "Không phải là số tiền. Ghi như 4.989.000.000 hoặc 4.989 triệu đồng.")
    amount = _decimal(matched["number"]) * (UNITS[normalised(unit)] if unit else factor)
    return _whole(amount, "Số tiền phải là số nguyên đồng.")


def _decimal(cell: object) -> Decimal:
    try:
        return parse_decimal(str(cell), locale="vi", strict=True)
    except NumberFormatError:
        raise BadValue(
            "not_a_number",
            "Không phải là số viết theo kiểu Việt Nam: dấu chấm tách hàng nghìn, dấu phẩy tách phần lẻ (49.980; 99,5).",
        ) from None


def _whole(value: Decimal, message: str) -> int:
    if abs(value) >= LARGEST:
        raise BadValue("too_large", "Số quá lớn.")
    if value != value.to_integral_value():
        raise BadValue("fraction", message)
    return int(value)


def _ambiguous(number: float) -> str:
    text = f"{number:.15g}"
    return (
        f"Ô số chứa {text}: không rõ là {text.replace('.', '')} hay {text.replace('.', ',')}. "
        "Hãy nhập lại số nguyên, hoặc nhập dưới dạng chữ kèm đơn vị."
    )


def _day(cell: object, pattern: str | None) -> date:
    if isinstance(cell, date):
        return cell
    iso = pattern == "%Y-%m-%d"
    matched = (ISO_DAY if iso else DAY).fullmatch(str(cell))
    try:
        if matched is None:
            raise ValueError
        year, month, day = map(int, matched.groups() if iso else reversed(matched.groups()))
        return date(year, month, day)
    except ValueError:
        raise BadValue("not_a_date", "Không phải là ngày. Ghi ngày/tháng/năm, ví dụ 01/06/2020.") from None


def _member(text: str, contract: Contract) -> str:
    wanted = normalised(text)
    members = contract.members or {}
    if wanted in members:
        return members[wanted]
    if contract.expired and wanted in contract.expired:
        raise BadValue(
            "code_not_valid", f"“{text}” không có hiệu lực trong kỳ báo cáo này hoặc không thuộc đơn vị báo cáo."
        )
    raise BadValue("unknown_code", f"“{text}” không có trong danh mục. Hãy chọn trong danh sách của ô.")


def _out_of_bounds(field: Field, values: pa.Array) -> Iterator[tuple[int, BadValue]]:
    if field.minimum is not None:
        for index in _indices(pc.less(values, pa.scalar(field.minimum, values.type))):
            yield index, BadValue("below_minimum", f"Không được nhỏ hơn {field.minimum:g}.")
    if field.maximum is not None:
        for index in _indices(pc.greater(values, pa.scalar(field.maximum, values.type))):
            yield index, BadValue("above_maximum", f"Không được lớn hơn {field.maximum:g}.")


def _indices(mask: pa.Array) -> list[int]:
    return pc.indices_nonzero(mask.fill_null(False)).to_pylist()


def _stripped(texts: pa.Array) -> pa.Array:
    texts = pc.utf8_trim_whitespace(texts)
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def _only_text(value: object) -> str | None:
    return value if type(value) is str else None


def _as_text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, (int, float, date)):
        return None
    return str(value)  # a time or a duration: no field takes one, so it is refused as what it shows


def _as_day(value: object) -> date | None:
    return value.date() if isinstance(value, datetime) else value if isinstance(value, date) else None
