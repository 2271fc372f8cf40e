"""Old fonts: text that only looks Vietnamese in .VnTime (TCVN3) or VNI-Times, or that was decoded wrongly on its way.

Which way of writing a file uses is decided once for all its text, never cell by cell: `B×nh Liªu` read on its own has
more than one answer. A way is accepted when more of the file's texts become words that we know (headers, areas, code
lists) than in any other way; what does not become such a word afterwards is refused like any unknown word.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache

import viparse

from mangnon.contract.code_lists import CodeLists
from mangnon.contract.forms import submission_forms
from mangnon.reading.problems import Problem, RefusedFile
from mangnon.reading.vocabulary import normalised

Convert = Callable[[str], str]

# Letters that Unicode text in Vietnamese has and that neither the old fonts nor wrongly decoded text can show.
UNICODE_ONLY = re.compile(r"[\u1ea0-\u1ef9ăĂđĐơƠưƯĩĨũŨ\u0300\u0301\u0303\u0309\u0323]")
# What the old fonts show and no Vietnamese text has: signs beside letters, or marks after vowels.
LEGACY = re.compile(
    r"[¡¢£¤¥¦§¨©ª«¬\xad®µ¶·¸¹»¼½¾×÷Þßþ](?=\w)|\w[¨©ª«¬\xad®µ¶·¸¹»¼½¾×÷ÞßþØ]|[aeouyAEOUY][øØûÛïÏäÄåÅëËöÖ]"
)
WORD = re.compile(r"[^\s]+")
FONTS = (("tcvn3", ".vn"), ("vni", "vni-"))


def conversion(texts: Iterable[str], fonts: Iterable[str], lists: CodeLists, file_name: str) -> str | None:
    """The way in which a file is written when it is not Unicode: tcvn3, vni or utf8.

    `fonts` are the names of the fonts in it, where they are known. Raises RefusedFile when it is written in an old
    font and no way makes words of it.
    """
    odd = {text for text in texts if not text.isascii()}
    if not odd or any(UNICODE_ONLY.search(unicodedata.normalize("NFC", text)) for text in odd):
        return None
    known = _known(lists)
    counts = {way: _recognised(odd, CONVERT[way], known) for way in CONVERT}
    as_it_is = _recognised(odd, str, known)
    best = max(counts.values())
    ways = [way for way, count in counts.items() if count == best]
    if best > as_it_is and len(ways) == 1:
        return ways[0]
    lowered = [font.casefold() for font in fonts]
    is_old = any(font.startswith(start) for _, start in FONTS for font in lowered)
    if best > as_it_is or (is_old and as_it_is < len(odd)) or any(map(looks_legacy, odd)):
        raise RefusedFile(Problem("legacy_font.file", {"file_name": file_name}))
    return None


def encoding(head: bytes, lists: CodeLists) -> tuple[str, str | None] | None:
    """How text that is not UTF-8 is to be decoded, and then converted; None when no way makes words of it."""
    known = _known(lists)
    counts: dict[tuple[str, str | None], int] = {}
    for codec, way in (("cp1258", None), ("cp1252", "tcvn3"), ("cp1252", "vni")):
        try:
            text = head.decode(codec)
        except UnicodeDecodeError:
            continue
        cells = {cell.strip('" \r') for cell in re.split(r"[\n\t;,]", text) if not cell.isascii()}
        counts[codec, way] = _recognised(cells, CONVERT[way] if way else str, known)
    best = max(counts.values(), default=0)
    ways = [way for way, count in counts.items() if count == best]
    return ways[0] if best and len(ways) == 1 else None


def inferred(way: str, file_name: str) -> Problem:
    """What to tell whoever sent a file that was converted."""
    return Problem("inferred_font", {"file_name": file_name, "encoding": way})


def looks_legacy(text: str) -> bool:
    """Whether a text has signs that only the old fonts make Vietnamese letters of."""
    return LEGACY.search(text) is not None


def repaired(text: str) -> str:
    """UTF-8 that was taken for Windows-1252, read again: `MÃ³ng CÃ¡i`; other texts as they are."""
    try:
        return b"".join(_byte(letter) for letter in text).decode()
    except ValueError:
        return text


def _byte(letter: str) -> bytes:
    try:
        return letter.encode("cp1252")
    except UnicodeEncodeError:
        return letter.encode("latin-1")


def _from_font(encoding: str) -> Convert:
    @lru_cache(1 << 16)
    def word(text: str) -> str:
        return text if text.isascii() else viparse.fix(text, encoding=encoding)

    # Word by word, because spaces and line ends are not to be touched.
    return lambda text: WORD.sub(lambda found: word(found[0]), text)


CONVERT: dict[str, Convert] = {"tcvn3": _from_font("tcvn3"), "vni": _from_font("vni"), "utf8": repaired}


def _recognised(texts: Collection[str], convert: Convert, known: Collection[str]) -> int:
    return sum(any(part in known for part in _parts(convert(text))) for text in texts)


def _parts(text: str) -> set[str]:
    plain = normalised(text).strip("*: ")
    return {plain, plain.partition("(")[0].strip("*: "), *re.split(r"\s*[:;,.]\s+|\s+[-–]\s+", plain)}


def _known(lists: CodeLists) -> set[str]:
    """The words that a submission is likely to have, in normal form."""
    words = {"stt", "tổng cộng", "tổng số", "cộng", "ghi chú", "đơn vị báo cáo", "kỳ báo cáo", "lần gửi", "trong đó"}
    for form in submission_forms():
        words |= {form.title, *form.aliases}
        words |= {name for field in form.fields for name in (field.title, *field.aliases)}
        words |= {label for field in form.fields for _, label in field.categories}
    words |= {reporter.name for reporter in lists.reporters.values()}
    labels = {code.label for code in lists.all_members()}
    words |= labels | {label.split(" ", 1)[-1] for label in labels} | {label.split(" ", 2)[-1] for label in labels}
    return {normalised(word) for word in words if not word.isascii()} | {"stt"}
