"""Incremental saving: what is written behind a signature (Mladenov and others, CCS 2019)."""

from __future__ import annotations

from signing.verification.attacks.base import (
    EVIL,
    archived,
    attack,
    certified,
    filed,
    new_number,
    signed,
    with_text,
)
from signing.verification.outsider import (
    HAND_CATALOG,
    HAND_FIRST,
    HAND_FONT,
    HAND_PAGES,
    HAND_TEXT,
    body_of,
    by_hand,
    number_of,
    stream,
    trailer_of,
    update,
)


@attack
def isa_text_replaced() -> bytes:
    return with_text(signed())


@attack
def isa_text_replaced_in_certified() -> bytes:
    return with_text(certified())


@attack
def isa_text_replaced_after_validation_data() -> bytes:
    return with_text(filed())


@attack
def isa_text_replaced_after_archive_stamp() -> bytes:
    return with_text(archived())


@attack
def isa_objects_without_table() -> bytes:
    return signed() + b"5 0 obj\n" + stream(EVIL) + b"\nendobj\n"


@attack
def isa_objects_without_table_but_end() -> bytes:
    start = trailer_of(signed())["start"]
    evil = b"5 0 obj\n" + stream(EVIL) + b"\nendobj\n"
    return signed() + evil + b"startxref\n%d\n%%%%EOF\n" % start


@attack
def isa_objects_with_trailer_only() -> bytes:
    pdf = signed()
    return pdf + (
        b"5 0 obj\n" + stream(EVIL) + b"\nendobj\ntrailer\n<< /Size 20 /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % trailer_of(pdf)["start"]
    )


@attack
def isa_empty_table_behind_objects() -> bytes:
    return update(signed() + b"5 0 obj\n" + stream(EVIL) + b"\nendobj\n", {})


@attack
def isa_empty_table_behind_objects_after_validation_data() -> bytes:
    return update(filed() + b"5 0 obj\n" + stream(EVIL) + b"\nendobj\n", {})


@attack
def isa_hidden_objects_in_an_update_of_validation_data() -> bytes:
    """The update itself is as it should be; before its objects stands one that no table names."""
    pdf = filed()
    number = number_of(pdf, "/DSS")
    return update(pdf + b"5 0 obj\n" + stream(EVIL) + b"\nendobj\n", {number: body_of(pdf, number)})


@attack
def isa_hidden_objects_inside_a_new_stream() -> bytes:
    """Validation data with an object behind its declared length."""
    pdf = filed()
    number, fresh = number_of(pdf, "/DSS"), new_number(pdf)
    hidden = b"\nendstream\nendobj\n5 0 obj\n" + stream(EVIL)
    return update(
        pdf,
        {
            number: body_of(pdf, number),
            fresh: b"<< /Length 4 >>\nstream\nabcd\n" + hidden,
        },
    )


@attack
def isa_signature_repeated_in_the_update() -> bytes:
    pdf = signed()
    number = number_of(pdf, "/AcroForm", "/Fields", 0, "/V")
    return update(pdf, {HAND_TEXT: stream(EVIL), number: body_of(pdf, number)})


@attack
def isa_update_that_names_no_former_table() -> bytes:
    pdf = update(signed(), {HAND_TEXT: stream(EVIL)})
    head, _, last = pdf.rpartition(b"/Prev")
    return head + b"/Xxxx" + last


@attack
def isa_new_catalog() -> bytes:
    pdf = signed()
    number = new_number(pdf)
    body = body_of(pdf, HAND_CATALOG).replace(b"2 0 R", b"%d 0 R" % (number + 1))
    pages = b"<< /Type /Pages /Kids [ %d 0 R ] /Count 1 >>" % (number + 2)
    page = body_of(pdf, HAND_FIRST).replace(b"5 0 R", b"%d 0 R" % (number + 3))
    made = {number: body, number + 1: pages, number + 2: page, number + 3: stream(EVIL)}
    return update(pdf, made, root=number)


@attack
def isa_new_page_tree() -> bytes:
    pdf = signed()
    number = new_number(pdf)
    page = body_of(pdf, HAND_FIRST).replace(b"5 0 R", b"%d 0 R" % (number + 1))
    pages = body_of(pdf, HAND_PAGES).replace(b"4 0 R", b"%d 0 R" % number)
    return update(pdf, {HAND_PAGES: pages, number: page, number + 1: stream(EVIL)})


@attack
def isa_pages_swapped() -> bytes:
    return update(signed(), {HAND_PAGES: b"<< /Type /Pages /Kids [ 6 0 R 4 0 R ] /Count 2 >>"})


@attack
def isa_page_removed() -> bytes:
    return update(signed(), {HAND_PAGES: b"<< /Type /Pages /Kids [ 4 0 R ] /Count 1 >>"})


@attack
def isa_page_boxed_away() -> bytes:
    body = body_of(signed(), HAND_FIRST).replace(b"[ 0 0 595 842 ]", b"[ 0 0 595 600 ]")
    return update(signed(), {HAND_FIRST: body})


@attack
def isa_page_turned() -> bytes:
    body = body_of(signed(), HAND_FIRST).replace(b"/Type /Page", b"/Type /Page /Rotate 180")
    return update(signed(), {HAND_FIRST: body})


@attack
def isa_font_swapped() -> bytes:
    """Every 1 is drawn as a 9: the text stays, its look does not."""
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding << /Type /Encoding "
    return update(signed(), {HAND_FONT: font + b"/Differences [ 49 /nine ] >> >>"})


@attack
def isa_font_swapped_with_the_text_it_had() -> bytes:
    pdf = signed()
    number = new_number(pdf)
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode %d 0 R /Encoding << "
    table = (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def "
        b"1 begincodespacerange <00> <ff> endcodespacerange 1 beginbfchar <31> <0031> endbfchar "
        b"endcmap end end"
    )
    return update(
        pdf,
        {
            HAND_FONT: font % number + b"/Differences [ 49 /nine ] >> >>",
            number: stream(table),
        },
    )


@attack
def isa_object_freed() -> bytes:
    pdf = signed()
    start = len(pdf)
    return pdf + (
        b"xref\n0 1\n0000000005 65535 f \n5 1\n0000000000 00001 f \ntrailer\n"
        b"<< /Size %d /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n"
        % (new_number(pdf), trailer_of(pdf)["start"], start)
    )


@attack
def isa_object_of_a_higher_generation() -> bytes:
    pdf = signed()
    place, evil = len(pdf), b"5 1 obj\n" + stream(EVIL) + b"\nendobj\n"
    start = place + len(evil)
    return (
        pdf + evil + b"xref\n5 1\n%010d 00001 n \ntrailer\n<< /Size %d /Root 1 0 R /Prev %d >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (place, new_number(pdf), trailer_of(pdf)["start"], start)
    )


@attack
def isa_two_rows_for_one_object() -> bytes:
    """The table names the text twice; who reads the last row sees another than who reads the
    first."""
    pdf = signed()
    place, evil = len(pdf), b"5 0 obj\n" + stream(EVIL) + b"\nendobj\n"
    start = place + len(evil)
    old = pdf.index(b"\n5 0 obj") + 1
    return (
        pdf + evil + b"xref\n5 1\n%010d 00000 n \n5 1\n%010d 00000 n \ntrailer\n"
        b"<< /Size %d /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n"
        % (place, old, new_number(pdf), trailer_of(pdf)["start"], start)
    )


@attack
def isa_title_changed_after_validation_data() -> bytes:
    pdf = filed()
    number = new_number(pdf)
    return update(pdf, {number: b"<< /Title (Price: 900 EUR) >>"}, extra=b"/Info %d 0 R" % number)


@attack
def isa_script_added() -> bytes:
    pdf = signed()
    body = body_of(pdf, HAND_CATALOG)
    action = b" /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> >>"
    return update(pdf, {HAND_CATALOG: body.rstrip(b">").rstrip() + action})


@attack
def isa_appended_words() -> bytes:
    return signed() + b"\nPrice: 900 EUR\n"


@attack
def isa_appended_comment_and_end() -> bytes:
    return signed() + b"% Price: 900 EUR\n%%EOF\n"


@attack
def isa_second_file_behind() -> bytes:
    return signed() + by_hand("Price: 900 EUR")


@attack
def isa_file_before() -> bytes:
    return by_hand("Price: 900 EUR") + signed()


@attack
def isa_words_before() -> bytes:
    return b"Words\n" + signed()


@attack
def table_that_names_itself() -> bytes:
    pdf = signed()
    start = len(pdf)
    return pdf + (
        b"xref\n0 0\ntrailer\n<< /Size %d /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n"
        % (new_number(pdf), start, start)
    )


@attack
def tables_in_a_ring() -> bytes:
    one = update(signed(), {HAND_TEXT: stream(EVIL)})
    two = update(one, {HAND_TEXT: stream(EVIL)})
    here = trailer_of(two)["start"]
    wanted = b"/Prev %d " % trailer_of(signed())["start"]
    return two.replace(wanted, (b"/Prev %d" % here).ljust(len(wanted)))
