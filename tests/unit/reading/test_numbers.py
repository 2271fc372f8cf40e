"""The grammar of numbers: what it reads comes back equal, and nothing else is read."""

import re
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mangnon.contract.forms import all_forms
from mangnon.reading.cells import Cells
from mangnon.reading.numbers import read_number, read_unambiguous
from mangnon.reading.problems import BadValue, wording
from mangnon.reading.values import Contract, read_column
from mangnon.reading.vocabulary import NIL_IS_MISSING, NIL_IS_ZERO

CASES = all_forms()["incidents"].field("cases")
SPACES = ["\xa0", " ", "\u2009", "\u202f", "\u3000"]
UNSEEN = ["", "\u200b", "\u200e", "\u200f", "\xad", "\ufeff", "\u2060"]


def problem(text: str) -> str:
    """What the reader says of a text that is no number."""
    column = read_column(Contract(CASES, qualifier="Mức chính xác"), Cells.of([text]))
    return wording(column.bad[0].id, column.bad[0].values)


def by_hand(text: str) -> Decimal | None:
    """The number that a text gives, worked out sign by sign; None if it gives none."""
    for unseen in UNSEEN[1:]:
        text = text.replace(unseen, "")
    for space in SPACES:
        text = text.replace(space, " ")
    text = text.strip(" ")
    negative = text[:1] in ("-", "\u2212")
    if text[:1] in ("-", "+", "\u2212"):
        text = text[1:]
    whole, comma, fraction = text.partition(",")
    if comma and not (fraction and set(fraction) <= set("0123456789")):
        return None
    marks = {sign for sign in whole if sign not in "0123456789"}
    if len(marks) > 1 or not marks <= {".", " "} or not whole:
        return None
    groups = whole.split(marks.pop()) if marks else [whole]
    if len(groups) > 1 and (not 1 <= len(groups[0]) <= 3 or groups[0][0] == "0" or {len(g) for g in groups[1:]} != {3}):
        return None
    return Decimal(f"{'-' if negative else ''}{''.join(groups)}.{fraction or 0}")


@st.composite
def written(draw: st.DrawFn) -> tuple[str, Decimal]:
    """A number, written in one of the allowed ways."""
    value = draw(st.integers(0, 10**14))
    fraction = draw(st.text("0123456789", max_size=6))
    mark = draw(st.sampled_from(["", ".", *SPACES]))
    whole = f"{value:,}".replace(",", mark)
    sign = draw(st.sampled_from(["", "-", "+", "\u2212"]))
    text = sign + whole + (f",{fraction}" if fraction else "")
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(st.sampled_from(UNSEEN)) + text[place:]
    number = Decimal(f"{value}.{fraction or 0}")
    return text, -number if sign in ("-", "\u2212") else number


@given(written())
def test_a_number_written_in_any_allowed_way_reads_back_equal(case: tuple[str, Decimal]) -> None:
    text, value = case
    assert read_number(text) == value
    fraction = str(value).partition(".")[2]
    if 1 <= abs(value) < 1000 and len(fraction) == 3 and not text.startswith("0"):
        with pytest.raises(BadValue, match=r"ambiguous_number\.text"):
            read_unambiguous(text)
    else:
        assert read_unambiguous(text) == value


@given(st.text(alphabet="0123456789.,-+ e_\xa0\u200b\u0661½N%", max_size=14))
@example("0.123")  # 123, or 0,123?
@example("01.234")
@example("1.234 567")
def test_nothing_outside_the_grammar_is_read(text: str) -> None:
    expected = by_hand(text)
    try:
        got = read_number(text)
    except BadValue:
        got = None
    assert got == expected


@given(st.text(alphabet="0123456789.,- ", max_size=14))
@example("0.123")
def test_the_quick_way_reads_exactly_what_the_grammar_reads(text: str) -> None:
    stripped = text.strip()
    if stripped in NIL_IS_ZERO | NIL_IS_MISSING or not stripped:
        return
    expected = by_hand(text)
    is_ambiguous = re.fullmatch(r"-?[1-9][0-9]{0,2},[0-9]{3}", stripped)
    is_read = expected is not None and expected >= 0 and expected == int(expected) and not is_ambiguous
    column = read_column(Contract(CASES), Cells.of([text]))
    assert column.values[0].as_py() == (int(expected) if is_read else None) or expected < 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("12,000", "“12,000” không rõ là 12 hay 12.000"),
        ("12,000,000", "Nếu ý là 12.000.000, hãy ghi như vậy."),
        ("1,234.5", "Nếu ý là 1.234,5"),
        ("12.5", "Nếu ý là 12,5"),
        ("1_000", "Nếu ý là 1000"),
        ("1,23E+05", "số viết rút gọn"),
        ("NaN", "không phải số"),
        ("١٢", "0–9"),
        ("45 người", "hãy bỏ chữ “người” và ghi 45."),
        ("khoảng 60", "chỉ ghi 60 vào ô này, rồi ghi “khoảng” vào cột “Mức chính xác” của dòng này."),
        ("trên 1.000", "rồi ghi “trên” vào cột “Mức chính xác”"),
        (">60", "rồi ghi “trên”"),
        ("60+", "rồi ghi “trên”"),
        ("gần 60", "chỉ nhận “đúng”, “trên” hoặc “khoảng”"),
        ("mười", "Không phải là số viết theo kiểu Việt Nam"),
        ("3 buổi 2 lớp", "Không phải là số viết theo kiểu Việt Nam"),
    ],
)
def test_the_advice_fits_what_was_written(text: str, said: str) -> None:
    assert said in problem(text)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1.2, "Ô số chứa 1,2, không phải số nguyên. Có thể ý là 1,2 hoặc 1.200."),
        (4.989, "Có thể ý là 4,989 hoặc 4.989."),
        (12.3456, "Ô số chứa 12,3456, không phải số nguyên. Hãy nhập lại số nguyên."),
    ],
)
def test_a_number_cell_with_a_fraction_says_what_may_have_been_meant(number: float, said: str) -> None:
    column = read_column(Contract(CASES), Cells.of([number]))
    assert said in wording(column.bad[0].id, column.bad[0].values)
