"""What was signed, and what else bytes allow."""

from __future__ import annotations

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from signing.verification.attacks.base import (
    EVIL,
    attack,
    filled_form,
    gap_of,
    new_number,
    rewritten,
    signed,
    with_contents,
)
from signing.verification.outsider import (
    HAND_CATALOG,
    HAND_FIRST,
    HAND_FONT,
    HAND_TEXT,
    body_of,
    by_hand,
    sign,
    stream,
    update,
)


@attack
def flipped_text() -> bytes:
    return signed().replace(b"100 EUR", b"900 EUR", 1)


@attack
def signature_of_another_file() -> bytes:
    """Its value, in the room of the right one."""
    other = sign(by_hand("Price: 900 EUR", "Delivery: in June"))
    start, after, _ = gap_of(other)
    return with_contents(signed(), other[start:after])


@attack
def stream_reaches_into_the_update() -> bytes:
    """A text whose length is an object that the update changes."""
    pdf = sign(by_hand())
    number = new_number(pdf)
    return update(pdf, {number: b"900", HAND_TEXT: stream(EVIL)})


@attack
def text_moved_into_a_new_resource() -> bytes:
    pdf = signed()
    number = new_number(pdf)
    page = body_of(pdf, HAND_FIRST).replace(b"/F1 3 0 R", b"/F1 %d 0 R" % number)
    return update(pdf, {HAND_FIRST: page, number: body_of(pdf, HAND_FONT)})


@attack
def layer_added() -> bytes:
    """Optional content that hides the text."""
    pdf = signed()
    body = body_of(pdf, HAND_CATALOG).rstrip(b">").rstrip()
    number = new_number(pdf)
    layers = b" /OCProperties << /OCGs [ %d 0 R ] /D << /OFF [ %d 0 R ] >> >> >>" % (number, number)
    return update(pdf, {HAND_CATALOG: body + layers, number: b"<< /Type /OCG /Name (Text) >>"})


@attack
def file_attached() -> bytes:
    pdf = signed()
    number = new_number(pdf)
    body = body_of(pdf, HAND_CATALOG).rstrip(b">").rstrip()
    names = b" /Names << /EmbeddedFiles << /Names [ (terms.txt) %d 0 R ] >> >> >>" % number
    spec = b"<< /Type /Filespec /F (terms.txt) /EF << /F %d 0 R >> >>" % (number + 1)
    file = stream(b"900 EUR", b"/Type /EmbeddedFile")
    return update(pdf, {HAND_CATALOG: body + names, number: spec, number + 1: file})


@attack
def appearance_asked_of_the_viewer() -> bytes:
    """Viewers are told to draw the fields anew, from a value and a font that were changed."""
    pdf = filled_form()

    def change(writer: IncrementalPdfFileWriter) -> None:
        acro = writer.root["/AcroForm"]
        acro["/NeedAppearances"] = generic.BooleanObject(True)
        acro["/DA"] = generic.pdf_string("/F1 1 Tf 1 g")
        writer.update_container(acro)

    return rewritten(pdf, change)


@attack
def resources_of_the_form_changed() -> bytes:
    pdf = filled_form()

    def change(writer: IncrementalPdfFileWriter) -> None:
        font = writer.root["/AcroForm"]["/DR"]["/Font"]["/F1"]
        font["/Encoding"] = generic.DictionaryObject(
            {
                generic.pdf_name("/Type"): generic.pdf_name("/Encoding"),
                generic.pdf_name("/Differences"): generic.ArrayObject(
                    [generic.NumberObject(49), generic.pdf_name("/nine")]
                ),
            }
        )
        writer.update_container(font)

    return rewritten(pdf, change)
