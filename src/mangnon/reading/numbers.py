"""The grammar of numbers in texts. Vietnam writes `1.234.567,8`: a point or a space between thousands, a comma before
the decimals.

    number   = [sign] whole [`,` digits]
    whole    = digits | one to three digits, not beginning with 0, then groups of a mark and three digits
    mark     = `.` or a space of any width, the same throughout
    sign     = `+` | `-` | the minus sign U+2212

Characters that nobody sees (zero width, soft hyphen, marks of direction) are left out first. Whatever this grammar does
not say is refused, with what may have been meant. One reading is refused although the grammar has it: `12,000` where a
whole number belongs, because a program set to English means twelve thousand by it.
"""

import re
import unicodedata
from decimal import Decimal

from mangnon.reading.problems import BadValue, Values
from mangnon.reading.vocabulary import fold, visible
from mangnon.vietnamese import number as written

NUMBER = re.compile(
    r"(?P<sign>[+\-\u2212])?"
    r"(?P<whole>[1-9][0-9]{0,2}(?P<mark>[. ])[0-9]{3}(?:(?P=mark)[0-9]{3})*|[0-9]+)"
    r"(?:,(?P<fraction>[0-9]+))?"
)
# What a program set to English writes: `12,000`, `1,234.5`, `12.5`.
ENGLISH = re.compile(r"(?P<sign>[+\-\u2212])?(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.(?P<fraction>[0-9]+))?")
EXPONENT = re.compile(r"[+-]?[0-9][0-9.,]*[eE][+-]?[0-9]+")
UNDERSCORE = re.compile(r"[+-]?[0-9]+(?:_[0-9]+)+")
NO_NUMBER = {"nan", "inf", "infinity"}
# A number with words before or after it.
BEFORE = re.compile(r"(?P<word>[^\d\s.,+-][^\d]*?)\s*(?P<number>[0-9][0-9., ]*)(?P<after>\+?)")
AFTER = re.compile(r"(?P<number>[+-]?[0-9][0-9., ]*?)\s*(?P<word>[^\d\s.,][^\d]*|\+)")
# Words and signs for numbers that are not exact → what the form's own column for that calls them; None: it has no word.
LOWER_BOUND, ABOUT = "trên", "khoảng"
NOT_EXACT = {
    "khoang": ABOUT, "xap xi": ABOUT, "uoc": ABOUT, "uoc tinh": ABOUT, "uoc khoang": ABOUT, "uoc dat": ABOUT,
    "chung": ABOUT, "tam": ABOUT, "~": ABOUT, "≈": ABOUT,
    "tren": LOWER_BOUND, "hon": LOWER_BOUND, "it nhat": LOWER_BOUND, "toi thieu": LOWER_BOUND, "tu": LOWER_BOUND,
    ">": LOWER_BOUND, "≥": LOWER_BOUND, ">=": LOWER_BOUND, "+": LOWER_BOUND, "tro len": LOWER_BOUND,
    "gan": None, "duoi": None, "khong qua": None, "toi da": None, "nhieu nhat": None, "<": None, "≤": None, "<=": None,
}  # fmt: skip
MOST_DIGITS = 31
DECIMALS = 15
# Longer texts get no advice: nobody meant a number.
LONGEST = 40


def read_number(text: str) -> Decimal:
    """Returns the number that a text gives. Raises BadValue if the grammar has no such number."""
    plain = with_plain_spaces(text)
    matched = NUMBER.fullmatch(plain)
    if matched is None:
        raise BadValue(*_what_is_wrong(plain))
    number = _number(matched, re.sub(r"\D", "", matched["whole"]))
    if number.adjusted() >= MOST_DIGITS:
        raise BadValue("too_large.number")
    return number


def read_unambiguous(text: str) -> Decimal:
    """Returns the number that a text gives where a program set to English could have written the same.

    Raises BadValue for `12,000`, which is twelve, or twelve thousand.
    """
    plain = with_plain_spaces(text)
    if re.fullmatch(r"[+\-\u2212]?[1-9][0-9]{0,2},[0-9]{3}", plain):
        few, many = read_number(plain), read_number(plain.replace(",", "."))
        raise BadValue("ambiguous_number.text", {"text": plain, "readings": [written(few), written(many)]})
    return read_number(plain)


def with_plain_spaces(text: str) -> str:
    """Returns a text without the characters that nobody sees, and with one kind of space."""
    return "".join(" " if unicodedata.category(sign) == "Zs" else sign for sign in visible(text)).strip()


def may_have_meant(number: float) -> list[str]:
    """Returns what a cell with this number, where a whole one belongs, may have meant: 4.989 is 4,989 or 4.989."""
    exact = Decimal(f"{number:.15g}")
    thousands = exact * 1000
    readings = [exact] if thousands != thousands.to_integral_value() else [exact, thousands]
    return [written(round(reading, DECIMALS)) for reading in readings]


def _number(matched: re.Match[str], whole: str) -> Decimal:
    sign = "-" if matched["sign"] in ("-", "\u2212") else ""
    return Decimal(f"{sign}{whole}.{matched['fraction'] or '0'}")


def _what_is_wrong(text: str) -> tuple[str, Values]:
    """Returns the id and the values of the problem of a text that is no number."""
    if len(text) > LONGEST:
        return "not_a_number.count", {}
    if any(sign.isnumeric() and not sign.isascii() for sign in text):
        return "not_a_number.digits", {}
    if UNDERSCORE.fullmatch(text):
        return "not_a_number.underscore", {"meant": text.replace("_", "")}
    if EXPONENT.fullmatch(text):
        return "not_a_number.exponent", {"text": text}
    if fold(text) in NO_NUMBER:
        return "not_a_number.no_value", {"text": text}
    if (matched := ENGLISH.fullmatch(text)) and ("," in text or matched["fraction"]):
        return "not_a_number.english", {"meant": written(_number(matched, matched["whole"].replace(",", "")))}
    return _words(text) or ("not_a_number.count", {})


def _words(text: str) -> tuple[str, Values] | None:
    """Returns the problem of a number with words around it; None if there is no single number."""
    before, after = BEFORE.fullmatch(text), AFTER.fullmatch(text)
    if before and NUMBER.fullmatch(before["number"].strip()):
        word = before["word"].strip()
        key = next((key for key in (fold(word), word) if key in NOT_EXACT), None)
        if key is None:
            return None
        return "not_a_number.not_exact", {"number": before["number"].strip(), "word": word, "label": NOT_EXACT[key]}
    if after and NUMBER.fullmatch(after["number"].strip()):
        word = after["word"].strip()
        if (fold(word) or word) in NOT_EXACT:
            label = NOT_EXACT[fold(word) or word]
            return "not_a_number.not_exact", {"number": after["number"].strip(), "word": word, "label": label}
        return "not_a_number.word", {"number": after["number"].strip(), "word": word}
    return None
