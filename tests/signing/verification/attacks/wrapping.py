"""Signature wrapping and universal forgery: the signature's own entries (the same, CCS 2019)."""

from __future__ import annotations

import re
from collections.abc import Callable

from signing.verification.attacks.base import (
    ATTACKS,
    EVIL,
    attack,
    gap_of,
    new_number,
    signed,
    with_contents,
    with_range,
)
from signing.verification.outsider import (
    HAND_CATALOG,
    HAND_TEXT,
    body_of,
    number_of,
    person,
    sign,
    stream,
    trailer_of,
    update,
)


def wrapped(*, inside: bytes, range_of: Callable[[int, int, int], bytes]) -> bytes:
    """The second signed part is moved behind ``inside``; a new dictionary tells the new range."""
    pdf = signed()
    start, after, end = gap_of(pdf)
    number = number_of(pdf, "/AcroForm", "/Fields", 0, "/V")
    table = int(trailer_of(pdf)["start"])
    value = pdf[start:after]
    tail = pdf[after:end]
    objects = {HAND_TEXT: stream(EVIL)}
    head = pdf[:after] + b" " * max(0, table - after)
    # The old pointer to the table, inside the moved part, now finds the table that stands here.
    rows: list[tuple[int, int]] = []
    size_of_table = 4_000
    body = b""
    place = table + size_of_table
    for each, text in objects.items():
        rows.append((each, place + len(body)))
        body += b"%d 0 obj\n" % each + text + b"\nendobj\n"
    rows.append((number, place + len(body)))
    dictionary = b"%d 0 obj\n<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter " % number
    dictionary += b"/adbe.pkcs7.detached /ByteRange %s /Contents %s >>\nendobj\n"
    room = len(dictionary) + len(value) + 100
    moved_to = place + len(body) + room + len(inside)
    body += (dictionary % (range_of(start, moved_to, len(tail)), value)).ljust(room)
    text = b"xref\n"
    for each, where in rows:
        text += b"%d 1\n%010d 00000 n \n" % (each, where)
    former = int(re.findall(rb"/Prev (\d+)", pdf)[-1])
    text += b"trailer\n<< /Size %d /Root 1 0 R /Prev %d >>\n" % (new_number(pdf), former)
    return head[:table] + text.ljust(size_of_table) + body + inside + tail


@attack
def swa_second_part_moved() -> bytes:
    return wrapped(
        inside=b"", range_of=lambda start, moved, length: b"[0 %d %d %d]" % (start, moved, length)
    )


@attack
def swa_second_part_moved_and_commented() -> bytes:
    return wrapped(
        inside=b"\n%",
        range_of=lambda start, moved, length: b"[0 %d %d %d]" % (start, moved, length),
    )


@attack
def swa_old_range_in_the_new_dictionary() -> bytes:
    _, after, _ = gap_of(signed())
    return wrapped(
        inside=b"", range_of=lambda start, moved, length: b"[0 %d %d %d]" % (start, after, length)
    )


@attack
def swa_six_numbers() -> bytes:
    return wrapped(
        inside=b"",
        range_of=lambda start, moved, length: (
            b"[0 %d %d %d %d 0]" % (start, moved, length, moved + length)
        ),
    )


def _forgeries() -> None:
    start, after, end = gap_of(signed())
    ranges = {
        "none": b"",
        "null": b"null",
        "empty": b"[]",
        "zeros": b"[0 0 0 0]",
        "one": b"[0]",
        "first_part_only": b"[0 %d]" % start,
        "negative": b"[0 -1 %d -1]" % after,
        "fractions": b"[0 %d.5 %d 1.0]" % (start, after),
        "texts": b"[(0) (%d) (%d) (1)]" % (start, after),
        "huge": b"[0 %d %d 99999999999]" % (start, after),
        "late_start": b"[1 %d %d %d]" % (start - 1, after, end - after),
        "overlap": b"[0 %d %d %d]" % (after, start, end - start),
        "short_end": b"[0 %d %d %d]" % (start, after, end - after - 30),
        "short_head": b"[0 %d %d %d]" % (start - 40, after, end - after),
        "reversed": b"[%d %d 0 %d]" % (after, end - after, start),
        "name": b"/All",
        "dictionary": b"<< /A 1 >>",
    }
    for name, given in ranges.items():
        ATTACKS[f"usf_range_{name}"] = lambda given=given: with_range(signed(), given)  # type: ignore[misc]
    contents = {
        "empty": b"<>",
        "null": b"null",
        "zeros": b"<" + b"0" * (after - start - 2) + b">",
        "number": b"0",
        "one_zero": b"<00>",
        "odd": b"<3>",
        "text": b"(signed)",
        "sequence": b"<3082>",
        "long": b"<3084FFFFFFFF>",
    }
    for name, given in contents.items():
        ATTACKS[f"usf_contents_{name}"] = lambda given=given: with_contents(signed(), given)  # type: ignore[misc]


_forgeries()


@attack
def usf_gap_that_leaves_out_more() -> bytes:
    """A forger's own signature, whose gap holds an object beside the value."""
    pdf = signed()
    start, after, _ = gap_of(pdf)
    return pdf[: start + 1] + b"> /Price (900 EUR) /Xyz <" + pdf[start + 26 : after] + pdf[after:]


@attack
def usf_words_behind_the_value() -> bytes:
    """Room kept free for the value, used for something else."""
    pdf = signed()
    _, after, _ = gap_of(pdf)
    words = b"900 EUR".hex().encode()
    return pdf[: after - 1 - len(words)] + words + pdf[after - 1 :]


@attack
def two_fields_with_one_signature() -> bytes:
    """A second approver who never signed: her field holds the first one's signature."""
    pdf = signed()
    value = number_of(pdf, "/AcroForm", "/Fields", 0, "/V")
    number = new_number(pdf)
    acro = number_of(pdf, "/AcroForm")
    body = body_of(pdf, acro)
    fields = number_of(pdf, "/AcroForm", "/Fields", 0)
    again = (
        b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Second) /Rect [ 0 0 0 0 ] /F 132 "
        b"/V %d 0 R /P 4 0 R >>" % value
    )
    body = re.sub(
        rb"/Fields\s*(\[[^\]]*\]|\d+ 0 R)", b"/Fields [ %d 0 R %d 0 R ]" % (fields, number), body
    )
    return update(pdf, {acro: body, number: again})


@attack
def signature_dropped_from_its_field() -> bytes:
    """The first of two signatures is no longer named; the second stays."""
    pdf = sign(signed(), person(name="Second"), name="Second")
    field = number_of(pdf, "/AcroForm", "/Fields", 0)
    return update(pdf, {field: re.sub(rb"/V \d+ 0 R", b"", body_of(pdf, field))})


@attack
def form_replaced() -> bytes:
    pdf = signed()
    number = new_number(pdf)
    body = re.sub(rb"/AcroForm \d+ 0 R", b"/AcroForm %d 0 R" % number, body_of(pdf, HAND_CATALOG))
    return update(pdf, {HAND_CATALOG: body, number: b"<< /Fields [] /SigFlags 3 >>"})
