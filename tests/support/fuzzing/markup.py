"""Mutates XML: attributes, texts, elements and how it begins."""

import re
from collections.abc import Callable
from random import Random

from support.fuzzing import values

TOKEN = re.compile(rb"<[^>]*>|[^<]+")
TAG = re.compile(rb"<([\w:.-]+)")
ATTRIBUTE = re.compile(rb"\s+([\w:.-]+)\s*=\s*(\"[^\"]*\"|'[^']*')")
BEGINNINGS = [
    b'<?xml version="1.0" encoding="UTF-16"?>', b'<?xml version="1.0" encoding="latin-1"?>',
    b'<?xml version="1.0" encoding="no-such"?>', b'<?xml version="9.9"?>', b"\xef\xbb\xbf", b"\xff\xfe", b"\n\n", b"",
    b"<!DOCTYPE x>", b'<!DOCTYPE x [<!ENTITY a "a">]>', b'<!doctype x SYSTEM "file:///etc/passwd">', b"<!-- -->",
]  # fmt: skip
INSERTED = [
    b"<!-- - -->", b"<!---->", b"<!--", b"<![CDATA[x]]>", b"<![CDATA[", b"<?x y?>", b"<?", b"&amp;", b"&no;", b"&#0;",
    b"&#xD800;", b"&#x110000;", b"&#9;", b"&#", b"]]>", b"<", b">", b"</x>", b"<x/>", b"\0", b"\xff", b"\x01",
    b"<c/>", b"<c><v>1</v></c>", b'<c r="A1" t="e"><v>#N/A</v></c>', b"<row/>", b'<row r="0"/>',
    b"<mc:AlternateContent/>",
    b'<c t="s"><v>-1</v></c>', b'<c t="s"><v>99999999</v></c>', b'<c t="b"><v>2</v></c>',
    b'<c t="d"><v>2020-13-45</v></c>',
    b'<c t="inlineStr"><is><t>_x0000_</t></is></c>', b'<mergeCell ref="A0:B0"/>', b'<c t="n"><v>NaN</v></c>',
    b'<c s="4294967295"><v>1</v></c>', b'<c r="B4"><f t="shared" si="9999999" ref="A0:Z9"/><v/></c>',
    b"<table:table-row table:number-rows-repeated='0'/>", b"<text:s text:c='4294967295'/>", b"<text:p/>",
    b"<table:table-cell office:value-type='float' office:value='NaN'/>", b"<table:table-cell/>",
    b"<table:table-cell office:value-type='date' office:date-value='99999-01-01'/>",
    b"<table:table-cell office:value-type='percentage' office:value='1e999'/>",
    b"<table:table-cell table:number-columns-spanned='-5' office:value-type='string'/>",
    b"<table:table table:name='x'/>",
]  # fmt: skip


def mutated(content: bytes, random: Random) -> bytes:
    """Returns XML that one mutation changed."""
    tokens = TOKEN.findall(content)
    if len(tokens) < 2:
        return values.broken(content, random)
    return random.choice(MUTATIONS)(tokens, random)


def _position(tokens: list[bytes], random: Random, wanted: Callable[[bytes], object]) -> int:
    """Returns where such a token stands. Rare tags are as likely as those of cells."""
    by_name: dict[bytes, list[int]] = {}
    for position, token in enumerate(tokens):
        if wanted(token):
            tag = TAG.match(token)
            by_name.setdefault(tag[1] if tag else b"", []).append(position)
    return random.choice(by_name[random.choice(sorted(by_name))]) if by_name else 0


def _attribute(tokens: list[bytes], random: Random) -> bytes:
    at = _position(tokens, random, ATTRIBUTE.search)
    tag, found = tokens[at], list(ATTRIBUTE.finditer(tokens[at]))
    if found:
        tokens[at] = random.choice(ATTRIBUTES)(tag, random.choice(found), random)
    return b"".join(tokens)


def _set(tag: bytes, found: re.Match[bytes], random: Random) -> bytes:
    old = found[2][1:-1]
    if re.fullmatch(rb"-?\d+", old):
        new = values.number(random)
    elif re.fullmatch(rb"[A-Z]+\d+(:[A-Z]+\d+)?", old):
        new = random.choice(values.REFERENCES)
    else:
        new = values.value(random)
    return tag[: found.start(2)] + b'"%b"' % _escaped(new) + tag[found.end(2) :]


def _set_raw(tag: bytes, found: re.Match[bytes], random: Random) -> bytes:
    new = random.choice(
        [b"", b"&#65;1", b"&lt;", b"\xff", b"\0", b"\n", b"../../x", b"/", b"\xed\xa0\x80", found[2][1:-1].lower()]
    )
    return tag[: found.start(2)] + b'"%b"' % new + tag[found.end(2) :]


def _remove(tag: bytes, found: re.Match[bytes], random: Random) -> bytes:
    return tag[: found.start()] + tag[found.end() :]


def _twice(tag: bytes, found: re.Match[bytes], random: Random) -> bytes:
    return tag[: found.end()] + found[0] + tag[found.end() :]


def _rename(tag: bytes, found: re.Match[bytes], random: Random) -> bytes:
    name = random.choice(
        [found[1].upper(), b"x:" + found[1], found[1].rpartition(b":")[2], b"r", b"t", b"s", b"xmlns", b"xmlns:x"]
    )
    return tag[: found.start(1)] + name + tag[found.end(1) :]


def _last(tag: bytes, found: re.Match[bytes], random: Random) -> bytes:
    end = len(tag) - (2 if tag.endswith((b"/>", b"?>")) else 1)
    return tag[: found.start()] + tag[found.end() : end] + found[0] + tag[end:]


def _spaced(tag: bytes, found: re.Match[bytes], random: Random) -> bytes:
    space = random.choice([b" ", b"\n", b"\t", b"    "])
    return tag[: found.end(1)] + space + b"=" + space + b"'%b'" % found[2][1:-1] + tag[found.end() :]


ATTRIBUTES = [_set, _set, _set, _set, _set_raw, _remove, _twice, _rename, _last, _spaced]


def _text(tokens: list[bytes], random: Random) -> bytes:
    positions = [at for at, token in enumerate(tokens) if not token.startswith(b"<")]
    if positions:
        at = random.choice(positions)
        is_number = tokens[at].strip().isdigit()
        tokens[at] = _escaped(values.number(random) if is_number else values.value(random))
    return b"".join(tokens)


def _drop(tokens: list[bytes], random: Random) -> bytes:
    del tokens[_position(tokens, random, TAG.match)]
    return b"".join(tokens)


def _drop_element(tokens: list[bytes], random: Random) -> bytes:
    start, end = _element(tokens, random)
    del tokens[start:end]
    return b"".join(tokens)


def _repeat_element(tokens: list[bytes], random: Random) -> bytes:
    start, end = _element(tokens, random)
    element = b"".join(tokens[start:end])
    count = random.choice([1, 1, 2, max(1, min(2000, 200_000 // (len(element) + 1)))])
    return b"".join(tokens[:start]) + element * count + b"".join(tokens[start:])


def _move_element(tokens: list[bytes], random: Random) -> bytes:
    start, end = _element(tokens, random)
    moved = tokens[start:end]
    del tokens[start:end]
    at = random.randrange(len(tokens) + 1)
    return b"".join([*tokens[:at], *moved, *tokens[at:]])


def _nest(tokens: list[bytes], random: Random) -> bytes:
    start, end = _element(tokens, random)
    tag = TAG.match(tokens[start])
    name = tag[1] if tag else b"x"
    depth = random.choice([1, 2, 100, 3000])
    return b"".join(
        [*tokens[:start], b"<%b>" % name * depth, *tokens[start:end], b"</%b>" % name * depth, *tokens[end:]]
    )


def _prefix(tokens: list[bytes], random: Random) -> bytes:
    at = _position(tokens, random, TAG.match)
    prefix = random.choice([b"x:", b"main:", b"", b":"])
    tokens[at] = re.sub(rb"^<([\w.-]+:)?", b"<" + prefix, tokens[at])
    return b"".join(tokens)


def _close(tokens: list[bytes], random: Random) -> bytes:
    at = _position(tokens, random, TAG.match)
    tokens[at] = tokens[at][:-2] + b">" if tokens[at].endswith(b"/>") else tokens[at][:-1] + b"/>"
    return b"".join(tokens)


def _cut(tokens: list[bytes], random: Random) -> bytes:
    return b"".join(tokens[: random.randrange(len(tokens))])


def _insert(tokens: list[bytes], random: Random) -> bytes:
    at = random.randrange(len(tokens) + 1)
    return b"".join([*tokens[:at], random.choice(INSERTED), *tokens[at:]])


def _begin(tokens: list[bytes], random: Random) -> bytes:
    if tokens[0].startswith(b"<?xml") and random.random() < 0.7:
        del tokens[0]
    return random.choice(BEGINNINGS) + b"".join(tokens)


def _encode(tokens: list[bytes], random: Random) -> bytes:
    return b"".join(tokens).decode(errors="replace").encode(random.choice(["utf-16", "utf-16-le", "utf-32", "utf-7"]))


def _blind(tokens: list[bytes], random: Random) -> bytes:
    return values.broken(b"".join(tokens), random)


MUTATIONS = [
    *[_attribute] * 8, *[_text] * 4, *[_insert] * 2, _drop, _drop_element, _repeat_element, _move_element,
    _nest, _prefix,
    _close, _cut, _begin, _encode, _blind,
]  # fmt: skip


def _element(tokens: list[bytes], random: Random) -> tuple[int, int]:
    """Returns where an element begins and ends."""
    start = _position(tokens, random, TAG.match)
    tag = TAG.match(tokens[start])
    if tag is None or tokens[start].endswith((b"/>", b"?>")):
        return start, start + 1
    closing = b"</%b>" % tag[1]
    return start, next((at + 1 for at in range(start, len(tokens)) if tokens[at] == closing), start + 1)


def _escaped(text: str) -> bytes:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return escaped.encode()
