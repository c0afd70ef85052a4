"""Shadows: prepared before signing (NDSS 2021)."""

from __future__ import annotations

import re

from signing.verification.attacks.base import (
    attack,
    filled_form,
    locked_form,
    new_number,
    two_copies,
)
from signing.verification.outsider import (
    appearance,
    body_of,
    number_of,
    person,
    sign,
    stream,
    trailer_of,
    update,
)


@attack
def shadow_table_that_names_the_other_copy() -> bytes:
    pdf = two_copies()
    start = len(pdf)
    hidden = [each.start() + 1 for each in re.finditer(rb"\n5 0 obj", pdf)][1]
    return pdf + (
        b"xref\n5 1\n%010d 00000 n \ntrailer\n<< /Size %d /Root 1 0 R /Prev %d >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (hidden, new_number(pdf), trailer_of(pdf)["start"], start)
    )


@attack
def shadow_form_value_and_look_changed() -> bytes:
    pdf = filled_form()
    look = number_of(pdf, "/AcroForm", "/Fields", 0, "/AP", "/N")
    field = number_of(pdf, "/AcroForm", "/Fields", 0)
    return update(
        pdf,
        {
            look: body_of(pdf, look).replace(b"100 EUR", b"900 EUR"),
            field: body_of(pdf, field).replace(b"100 EUR", b"900 EUR"),
        },
    )


@attack
def shadow_form_look_changed_alone() -> bytes:
    pdf = filled_form()
    look = number_of(pdf, "/AcroForm", "/Fields", 0, "/AP", "/N")
    return update(pdf, {look: body_of(pdf, look).replace(b"100 EUR", b"900 EUR")})


@attack
def shadow_form_value_changed_alone() -> bytes:
    pdf = filled_form()
    field = number_of(pdf, "/AcroForm", "/Fields", 0)
    return update(pdf, {field: body_of(pdf, field).replace(b"100 EUR", b"900 EUR")})


@attack
def shadow_look_named_anew() -> bytes:
    pdf = filled_form()
    field, number = number_of(pdf, "/AcroForm", "/Fields", 0), new_number(pdf)
    look = number_of(pdf, "/AcroForm", "/Fields", 0, "/AP", "/N")
    evil = stream(
        appearance("900 EUR"),
        b"/Type /XObject /Subtype /Form /BBox [ 0 0 200 30 ] /Resources << /Font << /F1 << "
        b"/Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>",
    )
    changed = body_of(pdf, field).replace(b"%d 0 R" % look, b"%d 0 R" % number)
    return update(pdf, {field: changed, number: evil})


@attack
def locked_field_changed_and_signed_by_another() -> bytes:
    pdf = locked_form()
    look = number_of(pdf, "/AcroForm", "/Fields", 0, "/AP", "/N")
    field = number_of(pdf, "/AcroForm", "/Fields", 0)
    changed = update(
        pdf,
        {
            look: body_of(pdf, look).replace(b"100 EUR", b"900 EUR"),
            field: body_of(pdf, field).replace(b"100 EUR", b"900 EUR"),
        },
    )
    return sign(changed, person(name="Second"), name="Second")


@attack
def unlocked_field_covers_the_page_and_another_signs() -> bytes:
    """An approval allows filling in; a field that grew over the text is no filling in."""
    pdf = filled_form()
    field = number_of(pdf, "/AcroForm", "/Fields", 0)
    grown = re.sub(rb"/Rect \[[^\]]*\]", b"/Rect [ 0 0 595 842 ]", body_of(pdf, field))
    return sign(update(pdf, {field: grown}), person(name="Second"), name="Second")
