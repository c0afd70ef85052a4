"""Ways to change a signed PDF, after the published attacks: each makes a changed file.

Incremental saving, signature wrapping, universal forgery (Mladenov, Mainka, Meyer zu
Selhausen, Grothe, Schwenk, CCS 2019); shadow attacks (NDSS 2021); evil annotations and sneaky
signatures on certified files (IEEE S&P 2021); and what else bytes allow.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from functools import cache

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import (
    FieldMDPAction,
    FieldMDPSpec,
    MDPPerm,
    SigFieldSpec,
    SigSeedSubFilter,
)

from signing.verification.outsider import (
    HAND_CATALOG,
    HAND_FIRST,
    HAND_FONT,
    HAND_PAGES,
    HAND_TEXT,
    appearance,
    body_of,
    by_hand,
    form,
    number_of,
    person,
    proof,
    self_signed,
    sign,
    stream,
    text_page,
    trailer_of,
    update,
)

ATTACKS: dict[str, Callable[[], bytes]] = {}
EVIL = text_page("Price: 900 EUR")


def attack(make: Callable[[], bytes]) -> Callable[[], bytes]:
    ATTACKS[make.__name__] = make
    return make


@cache
def signed() -> bytes:
    return sign(by_hand())


@cache
def certified(level: MDPPerm = MDPPerm.NO_CHANGES) -> bytes:
    return sign(by_hand(), certify=True, docmdp_permissions=level)


@cache
def filed() -> bytes:
    """With proof of validity at its end: level B-LT."""
    return sign(
        by_hand(),
        stamped=True,
        subfilter=SigSeedSubFilter.PADES,
        embed_validation_info=True,
        validation_context=proof(),
    )


@cache
def archived() -> bytes:
    return sign(
        by_hand(),
        stamped=True,
        subfilter=SigSeedSubFilter.PADES,
        embed_validation_info=True,
        use_pades_lta=True,
        validation_context=proof(),
    )


@cache
def filled_form(**options: object) -> bytes:
    return sign(form(), **options)  # type: ignore[arg-type]


@cache
def locked_form() -> bytes:
    lock = FieldMDPSpec(FieldMDPAction.INCLUDE, ["amount"])
    return sign(form(), field=SigFieldSpec("First", field_mdp_spec=lock))


def bases() -> dict[str, bytes]:
    """What the attacks start from; each must pass."""
    return {
        "signed": signed(),
        "certified": certified(),
        "certified for forms": certified(MDPPerm.FILL_FORMS),
        "certified for comments": certified(MDPPerm.ANNOTATE),
        "filed": filed(),
        "archived": archived(),
        "form": filled_form(),
        "locked": locked_form(),
        "two copies": two_copies(),
    }


def new_number(pdf: bytes) -> int:
    return int(trailer_of(pdf)["size"])


def rewritten(pdf: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """An incremental update as pyHanko writes it."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def with_text(pdf: bytes) -> bytes:
    return update(pdf, {HAND_TEXT: stream(EVIL)})


def gap_of(pdf: bytes) -> tuple[int, int, int]:
    """Where the first signature's value begins, ends, and where the signed bytes end."""
    found = re.search(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\]", pdf)
    assert found
    _, start, after, length = (int(each) for each in found.groups())
    return start, after, after + length


def with_range(pdf: bytes, given: bytes) -> bytes:
    """The signature's byte range written otherwise, in the same room."""
    found = re.search(rb"/ByteRange \[[^\]]*\] *", pdf)
    assert found
    changed = (b"/ByteRange " + given).ljust(len(found[0]))
    return pdf[: found.start()] + changed + pdf[found.end() :]


def with_contents(pdf: bytes, given: bytes) -> bytes:
    """The signature's value written otherwise, in the same room."""
    start, after, _ = gap_of(pdf)
    return pdf[:start] + given.ljust(after - start)[: after - start] + pdf[after:]


# Incremental saving


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


# Signature wrapping


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


# Universal forgery: the signature's own entries


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


# Shadows: prepared before signing


@cache
def two_copies() -> bytes:
    """The text stands in the file twice; the table names the honest copy."""
    return sign(by_hand(between=b"5 0 obj\n" + stream(EVIL) + b"\nendobj\n"))


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


# Certified files


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


# What was signed


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
