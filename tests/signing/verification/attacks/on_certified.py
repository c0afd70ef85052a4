"""Evil annotations and sneaky signatures on certified files (IEEE S&P 2021)."""

from __future__ import annotations

import re

from pyhanko.sign.fields import (
    MDPPerm,
    SigFieldSpec,
)

from signing.verification.attacks.base import (
    attack,
    certified,
    new_number,
    signed,
    with_text,
)
from signing.verification.outsider import (
    HAND_CATALOG,
    HAND_FIRST,
    body_of,
    number_of,
    self_signed,
    sign,
    stream,
    update,
)


def note(text: str, rect: bytes = b"[ 50 690 400 730 ]") -> bytes:
    return (
        b"<< /Type /Annot /Subtype /FreeText /Rect %s /F 4 /DA (/Helv 24 Tf 0 g) /Contents (%s) "
        b"/AP << /N %%d 0 R >> >>" % (rect, text.encode())
    )


def with_note(pdf: bytes) -> bytes:
    """A comment with the look of text, over the text."""
    number = new_number(pdf)
    page = body_of(pdf, HAND_FIRST)
    kept = re.search(rb"/Annots\s*(\[[^\]]*\])", page)
    if kept:
        page = page.replace(kept[1], kept[1][:-1] + b" %d 0 R ]" % number)
    else:
        page = page.rstrip(b">").rstrip() + b" /Annots [ %d 0 R ] >>" % number
    look = stream(
        b"1 g 0 0 350 40 re f 0 g BT /F1 24 Tf 10 10 Td (Price: 900 EUR) Tj ET",
        b"/Type /XObject /Subtype /Form /BBox [ 0 0 350 40 ] "
        b"/Resources << /Font << /F1 3 0 R >> >>",
    )
    made = {HAND_FIRST: page, number: note("Price: 900 EUR") % (number + 1), number + 1: look}
    return update(pdf, made)


@attack
def eaa_note_over_the_text_of_an_approved_file() -> bytes:
    return with_note(signed())


@attack
def eaa_note_over_the_text_of_a_certified_file() -> bytes:
    return with_note(certified())


@attack
def eaa_note_where_forms_may_be_filled() -> bytes:
    return with_note(certified(MDPPerm.FILL_FORMS))


@attack
def eaa_note_where_comments_are_allowed() -> bytes:
    return with_note(certified(MDPPerm.ANNOTATE))


@attack
def eaa_note_where_comments_are_allowed_and_the_forger_signs() -> bytes:
    pdf = with_note(certified(MDPPerm.ANNOTATE))
    return sign(pdf, self_signed(), name="Second")


def with_covering_field(pdf: bytes, *, by_forger: bool) -> bytes:
    """A new signature field whose look covers the text."""
    number = new_number(pdf)
    acro = number_of(pdf, "/AcroForm")
    first = number_of(pdf, "/AcroForm", "/Fields", 0)
    form_of = re.sub(
        rb"/Fields\s*(\[[^\]]*\]|\d+ 0 R)",
        b"/Fields [ %d 0 R %d 0 R ]" % (first, number),
        body_of(pdf, acro),
    )
    page = body_of(pdf, HAND_FIRST)
    kept = re.search(rb"/Annots\s*(\[[^\]]*\])", page)
    if kept:
        page = page.replace(kept[1], kept[1][:-1] + b" %d 0 R ]" % number)
    else:
        page = page.rstrip(b">").rstrip() + b" /Annots [ %d 0 R ] >>" % number
    look = stream(
        b"1 g 0 0 350 40 re f 0 g BT /F1 24 Tf 10 10 Td (Price: 900 EUR) Tj ET",
        b"/Type /XObject /Subtype /Form /BBox [ 0 0 350 40 ] "
        b"/Resources << /Font << /F1 3 0 R >> >>",
    )
    field = (
        b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Second) /Rect [ 50 690 400 730 ] /F 132 "
        b"/P %d 0 R /AP << /N %d 0 R >> >>" % (HAND_FIRST, number + 1)
    )
    if not by_forger:
        made = {acro: form_of, HAND_FIRST: page, number: field, number + 1: look}
        return update(pdf, made)
    bare = re.sub(rb"/AP <<.*?>>", b"", field)
    pdf = update(pdf, {acro: form_of, HAND_FIRST: page, number: bare})
    return sign_over(pdf, number, number + 1, look)


def sign_over(pdf: bytes, field: int, at: int, look: bytes) -> bytes:
    """Sign in a field, with a look of one's own choice."""
    shown = update(
        pdf,
        {
            field: body_of(pdf, field).rstrip(b">").rstrip() + b" /AP << /N %d 0 R >> >>" % at,
            at: look,
        },
    )
    return sign(shown, self_signed(), name="Second")


@attack
def ssa_unsigned_field_over_the_text_of_an_approved_file() -> bytes:
    return with_covering_field(signed(), by_forger=False)


@attack
def ssa_unsigned_field_over_the_text_of_a_certified_file() -> bytes:
    return with_covering_field(certified(MDPPerm.FILL_FORMS), by_forger=False)


@attack
def ssa_forger_s_signature_over_the_text_of_an_approved_file() -> bytes:
    return with_covering_field(signed(), by_forger=True)


@attack
def ssa_forger_s_signature_over_the_text_of_a_certified_file() -> bytes:
    return with_covering_field(certified(MDPPerm.FILL_FORMS), by_forger=True)


@attack
def ssa_visible_signature_over_the_text() -> bytes:
    """As a signing program makes it: a new field with a box over what was signed before."""
    return sign(
        signed(),
        self_signed(),
        name="Second",
        field=SigFieldSpec("Second", box=(50, 690, 400, 730)),
    )


@attack
def permission_of_a_certified_file_removed() -> bytes:
    pdf = certified()
    body = body_of(pdf, HAND_CATALOG)
    without = re.sub(rb"/Perms\s*(<<.*?>>|\d+ 0 R)", b"", body, flags=re.DOTALL)
    assert without != body
    return update(pdf, {HAND_CATALOG: without})


@attack
def permission_removed_and_text_replaced() -> bytes:
    return with_text(permission_of_a_certified_file_removed())


@attack
def permission_widened_before_a_forger_signs() -> bytes:
    pdf = certified(MDPPerm.FILL_FORMS)
    weaker = pdf.replace(b"/P 2", b"/P 3")
    return sign(weaker, self_signed(), name="Second")
