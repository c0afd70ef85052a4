"""Words and redlines on turned, cut and mixed pages, and pages in another unit."""

from __future__ import annotations

import pytest

from dealwright.base.access.actor import Actor
from dealwright.base.files.services import read_file
from dealwright.signing.documents.geometry import PageGeometry
from dealwright.signing.documents.normalising import normalise_pdf
from dealwright.signing.documents.words import boxes_of, find_text, text_of, words_of_page
from dealwright.signing.envelopes.drafts import NewDocument
from dealwright.signing.envelopes.services import send_envelope
from signing.make import make_envelope, make_pdf
from signing.redlines.make import PAYMENT, TERM, is_red, strike, text_at, turned, typed

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize(("cropped", "unit"), [(False, 1.0), (True, 1.0), (True, 2.5)])
def test_redlines_lie_on_the_words_of_any_page(
    actor: Actor, rotation: int, cropped: bool, unit: float
) -> None:
    content = turned(make_pdf(PAYMENT, TERM), rotation, cropped=cropped, unit=unit)
    document = NewDocument(name="Terms.pdf", content=content)
    envelope = make_envelope(actor, documents=[document])
    struck = strike(actor, envelope, "thirty (30) days")
    replaced = strike(actor, envelope, "statutory rate", replace="rate of 5 %")
    send_envelope(actor, envelope.pk)
    kept = envelope.documents.get()
    pdf, geometry = read_file(kept.prepared), PageGeometry.from_json(kept.pages[0])
    assert text_at(pdf, 0, geometry, struck.lines[0]) == "thirty (30) days"
    assert text_at(pdf, 0, geometry, replaced.lines[0]) == "statutory rate"
    assert replaced.written_in is not None
    assert "rate of 5 %" in text_at(pdf, 0, geometry, replaced.written_in)
    assert 0.02 < is_red(pdf, 0, struck.lines[0]) < 0.4
    assert is_red(pdf, 0, replaced.written_in) > 0.02
    told = kept.texts[0].replace("\r\n", " ")
    assert "[struck out: thirty (30) days]" in told
    assert "[struck out: statutory rate] [inserted: rate of 5 %]" in told


def test_pages_of_many_sizes_keep_their_redlines(actor: Actor) -> None:
    source = (
        "#set page(width: 595pt, height: 842pt)\nFirst page of all\n"
        "#set page(width: 300pt, height: 200pt, margin: 30pt)\nSecond page, small\n"
        "#set page(width: 1190pt, height: 842pt)\nThird page, wide"
    )
    content = turned(typed(source), 90, page=1)
    envelope = make_envelope(actor, documents=[NewDocument(name="Mixed.pdf", content=content)])
    rows = [
        strike(actor, envelope, "of all", replace="of three"),
        strike(actor, envelope, "small"),
        strike(actor, envelope, "wide", replace="the widest"),
    ]
    assert [row.page for row in rows] == [0, 1, 2]
    send_envelope(actor, envelope.pk)
    kept = envelope.documents.get()
    pdf = read_file(kept.prepared)
    for row in rows:
        geometry = PageGeometry.from_json(kept.pages[row.page])
        assert text_at(pdf, row.page, geometry, row.lines[0]) == row.struck
        assert is_red(pdf, row.page, row.lines[0]) > 0.03


def test_words_are_found_over_lines_and_hyphens() -> None:
    source = (
        "#set page(width: 200pt, height: 400pt, margin: 30pt)\n#set par(justify: true)\n"
        '#set text(hyphenate: true, lang: "en")\nThe responsibility of the representatives '
        "corresponds to international considerations of extraordinary circumstances."
    )
    document = normalise_pdf(typed(source))
    words = words_of_page(document.pdf, 0, document.pages[0])
    assert max(word.line for word in words) == 3
    ((first, last),) = find_text(words, "representatives corresponds to international")
    chosen = words[first : last + 1]
    assert text_of(chosen) == "representatives corresponds to international"
    assert len(boxes_of(chosen, words, document.pages[0])) == 3
    ((first, last),) = find_text(words, "sentatives")  # the rest of a word is no word
    assert text_of(words[first : last + 1]) == "representatives"


def test_columns_are_struck_apart() -> None:
    source = (
        "#set page(width: 500pt, height: 300pt)\n#grid(columns: (1fr, 1fr), [Price], [100 EUR])"
    )
    document = normalise_pdf(typed(source))
    words = words_of_page(document.pdf, 0, document.pages[0])
    assert [word.text for word in words] == ["Price", "100", "EUR"]
    boxes = boxes_of(words, words, document.pages[0])
    assert len(boxes) == 2
    assert boxes[0].x + boxes[0].w < 0.3 < boxes[1].x


def test_writing_from_right_to_left_and_without_blanks_is_told_apart() -> None:
    document = normalise_pdf(make_pdf("يدفع العميل كل فاتورة"))
    words = words_of_page(document.pdf, 0, document.pages[0])[2:]
    assert len(words) == 4
    assert all(word.rtl for word in words)
    assert words[0].box.x > words[-1].box.x


def test_writing_down_the_page_is_struck_down() -> None:
    source = (
        "#set page(width: 300pt, height: 300pt)\n#rotate(90deg, reflow: true)[Confidential draft]"
    )
    document = normalise_pdf(typed(source))
    words = words_of_page(document.pdf, 0, document.pages[0])
    assert [word.text for word in words] == ["Confidential", "draft"]
    assert all(word.down for word in words)
