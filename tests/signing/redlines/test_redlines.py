"""Redlines of the sender: what is chosen, what it snaps to and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Conflict, Invalid, NotAllowed, NotFound
from dealwright.base.identifiers import uuid7
from dealwright.signing.envelopes.drafts import NewDocument
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.envelopes.services import send_envelope
from dealwright.signing.redlines import services
from dealwright.signing.redlines.models import Redline
from dealwright.signing.redlines.queries import changes_of, words_on
from dealwright.signing.redlines.room import overlaps
from dealwright.signing.redlines.services import ByText
from make import acting, make_user
from signing.make import make_envelope
from signing.redlines.make import (
    PAYMENT,
    at_words,
    make_terms,
    strike,
    typed,
)

pytestmark = pytest.mark.django_db
UNKNOWN = "0197f2c0-0000-7000-8000-000000000000"


# ---- What is chosen ----


def test_words_are_struck_and_replaced_by_their_text(actor: Actor, draft: Envelope) -> None:
    row = strike(actor, draft, "THIRTY (30)  days", replace=" sixty (60)\ndays ", note="As agreed")
    assert (row.kind, row.page, row.struck) == ("replacement", 0, "thirty (30) days")
    assert (row.inserted, row.note, row.author_name) == ("sixty (60) days", "As agreed", "Rita Rep")
    assert len(row.boxes) == 1
    on_second_page = strike(actor, draft, "thirty (30) days", occurrence=2)
    assert (on_second_page.kind, on_second_page.page) == ("strike", 1)
    assert [(each["page"], each["said"]) for each in changes_of(draft)] == [
        (1, "“thirty (30) days” struck out, “sixty (60) days” inserted"),
        (2, "“thirty (30) days” struck out"),
    ]


def test_a_strike_snaps_to_whole_words_and_spares_the_stop(actor: Actor, draft: Envelope) -> None:
    assert strike(actor, draft, "eceip").struck == "receipt"
    assert strike(actor, draft, "service.").struck == "service."


def test_a_strike_over_the_end_of_a_line_has_a_box_for_each_line(
    actor: Actor, draft: Envelope
) -> None:
    row = strike(actor, draft, PAYMENT[:-1])
    assert len(row.boxes) == 2
    assert row.struck == PAYMENT[:-1]
    tops = [box.y for box in row.lines]
    assert tops == sorted(tops)


def test_text_is_inserted_before_or_after_words(actor: Actor, draft: Envelope) -> None:
    after = strike(actor, draft, "two years", insert_after="and six months")
    assert (after.kind, after.beside, after.struck) == ("insertion", "years", "")
    before = strike(actor, draft, "Late payments", insert_before="Any")
    assert (before.side, before.beside) == ("before", "Late")
    assert [each["said"] for each in changes_of(draft)] == [
        "“Any” inserted before “Late”",
        "“and six months” inserted after “years”",
    ]


def test_inserted_text_covers_nothing(actor: Actor, draft: Envelope) -> None:
    rows = [
        strike(actor, draft, "thirty (30) days", replace="sixty (60) days of the calendar month"),
        strike(actor, draft, "statutory rate", replace="rate of five per cent a year"),
        strike(actor, draft, "renews", replace="ends without notice. " * 10),
        strike(actor, draft, "interest", insert_after="without further notice"),
    ]
    words = words_on(draft.documents.get(), 0)
    places = [row.written_in for row in rows]
    for at, place in enumerate(places):
        assert place is not None
        assert place.x >= 0 and place.y >= 0 and place.x + place.w <= 1 and place.y + place.h <= 1
        assert not [word.text for word in words if overlaps(place, word.box)]
        assert not any(overlaps(place, other) for other in places[:at] if other is not None)


def test_the_same_id_is_put_once(actor: Actor, draft: Envelope) -> None:
    key = str(uuid7())
    for _ in range(2):
        services.add_redline(actor, draft.pk, at_words(draft, 2, 3, id=key))
    assert Redline.objects.count() == 1
    other = make_terms(actor)
    with pytest.raises(NotFound, match="no such redline"):
        services.add_redline(actor, other.pk, at_words(other, 2, 3, id=key))


# ---- What is refused ----


@pytest.mark.parametrize(
    ("given", "key", "sentence"),
    [
        ({"find": "ninety days"}, "find", "“ninety days” does not occur in Terms.pdf."),
        ({"find": "   "}, "find", "Give 1 to 500 characters that stand in the document."),
        ({"find": "a\x00b"}, "find", "Give 1 to 500 characters that stand in the document."),
        ({"find": "x" * 501}, "find", "Give 1 to 500 characters that stand in the document."),
        (
            {"find": "thirty (30) days", "occurrence": 3},
            "occurrence",
            "“thirty (30) days” occurs 2 times in Terms.pdf.",
        ),
        (
            {"find": "two years", "occurrence": 0},
            "occurrence",
            "Which occurrence is a number from 1.",
        ),
        (
            {"find": "two years", "replace": "x", "insert_after": "y"},
            "find",
            "Either replace the words, or insert before or after them.",
        ),
        (
            {"find": "two years", "replace": "x" * 501},
            "inserted",
            "Inserted text may have at most 500 characters.",
        ),
        (
            {"find": "two years", "replace": "three \u202egnol"},
            "inserted",
            "Marks that turn the direction of text cannot be inserted.",
        ),
        (
            {"find": "two years", "replace": "{{sign:1}}"},
            "inserted",
            "A mark such as {{sign:1}} cannot be inserted. Place a field.",
        ),
        (
            {"find": "two years", "replace": "a\x07b"},
            "inserted",
            "The text holds characters that are none.",
        ),
        (
            {"find": "two years", "replace": "a \U000e0fff b"},
            "inserted",
            "No font here can show “\U000e0fff”. Install one (see the documentation on sending), "
            "or write it in another script.",
        ),
        (
            {"find": "two years", "note": "x" * 201},
            "note",
            "The note may have at most 200 characters; this has 201.",
        ),
    ],
)
def test_what_cannot_be_is_refused(
    actor: Actor, draft: Envelope, given: dict[str, Any], key: str, sentence: str
) -> None:
    with pytest.raises(Invalid) as refused:
        services.add_at_text(actor, draft.pk, ByText(**given))
    assert refused.value.fields == {key: [sentence]}
    assert not Redline.objects.exists()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"first": -1}, "Choose words of the page."),
        ({"first": 3, "last": 2}, "Choose words of the page."),
        ({"last": 10_000}, "Choose words of the page."),
        ({"first": "1"}, "Choose words of the page."),
        ({"first": None}, "Choose words of the page."),
        ({"page": 0}, "Terms.pdf has 2 pages."),
        ({"page": 3}, "Terms.pdf has 2 pages."),
        ({"page": "x"}, "Say which page."),
        ({"strikes": False, "inserted": " "}, "Write what is inserted."),
    ],
)
def test_places_that_are_none_are_refused(
    actor: Actor, draft: Envelope, values: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(Invalid, match=sentence):
        services.add_redline(actor, draft.pk, at_words(draft, **values))


@pytest.mark.parametrize("document", [0, 2, 99_999, "nothing", UNKNOWN, None, "9" * 5_000])
def test_documents_that_are_none_are_not_found(
    actor: Actor, draft: Envelope, document: Any
) -> None:
    with pytest.raises(NotFound):
        strike(actor, draft, "two years", document=document)


def test_words_are_struck_once(actor: Actor, draft: Envelope) -> None:
    strike(actor, draft, "thirty (30) days")
    for given in (
        {"find": "(30) days after"},
        {"find": "thirty", "insert_after": "calendar"},
    ):
        with pytest.raises(Invalid, match=r"struck out already"):
            services.add_at_text(actor, draft.pk, ByText(**given))
    assert strike(actor, draft, "after receipt").struck == "after receipt"


def test_text_without_room_is_refused(actor: Actor) -> None:
    full = "word " * 900
    source = f"#set page(width: 300pt, height: 400pt, margin: 4pt)\n#set text(size: 7pt)\n{full}"
    envelope = make_envelope(actor, documents=[NewDocument(name="Full.pdf", content=typed(source))])
    with pytest.raises(Invalid, match=r"^Page 1 has no room for so much text that covers nothing"):
        strike(actor, envelope, "word", replace="a sentence that finds no place at all " * 5)
    assert strike(actor, envelope, "word").kind == "strike"


def test_others_cannot_redline(actor: Actor, draft: Envelope) -> None:
    row = strike(actor, draft, "two years")
    stranger = acting(make_user())
    given = ByText(find="one year")
    for refused in (
        lambda: services.add_at_text(stranger, draft.pk, given),
        lambda: services.add_redline(stranger, draft.pk, at_words(draft)),
        lambda: services.change_redline(stranger, draft.pk, row.pk, {"note": "x"}),
        lambda: services.remove_redline(stranger, draft.pk, row.pk),
    ):
        with pytest.raises((NotFound, NotAllowed)):
            refused()
    assert [each.note for each in Redline.objects.all()] == [""]


def test_redlines_of_another_envelope_are_not_found(actor: Actor, draft: Envelope) -> None:
    row = strike(actor, draft, "two years")
    other = make_terms(actor)
    with pytest.raises(NotFound):
        services.change_redline(actor, other.pk, row.pk, {"note": "x"})
    with pytest.raises(NotFound):
        services.remove_redline(actor, other.pk, row.pk)


def test_after_sending_nothing_changes(actor: Actor, draft: Envelope) -> None:
    row = strike(actor, draft, "two years")
    send_envelope(actor, draft.pk)
    for refused in (
        lambda: strike(actor, draft, "one year"),
        lambda: services.add_redline(actor, draft.pk, at_words(draft)),
        lambda: services.change_redline(actor, draft.pk, row.pk, {"inserted": "x"}),
        lambda: services.remove_redline(actor, draft.pk, row.pk),
    ):
        with pytest.raises(Conflict, match="documents of a sent envelope do not change"):
            refused()


# ---- Changing ----


def test_redlines_are_changed_and_taken_away(actor: Actor, draft: Envelope) -> None:
    row = strike(actor, draft, "two years", replace="three years", note="asked by legal")
    changed = services.change_redline(actor, draft.pk, row.pk, {"inserted": "four years"})
    assert (changed.kind, changed.inserted, changed.note) == (
        "replacement", "four years", "asked by legal",
    )  # fmt: skip
    changed = services.change_redline(actor, draft.pk, row.pk, {"inserted": ""})
    assert (changed.kind, changed.place, changed.struck) == ("strike", None, "two years")
    inserted = strike(actor, draft, "one year", insert_after="only")
    with pytest.raises(Invalid, match="Write what is inserted, or remove the redline"):
        services.change_redline(actor, draft.pk, inserted.pk, {"inserted": "  "})
    services.remove_redline(actor, draft.pk, row.pk)
    assert [each.pk for each in Redline.objects.all()] == [inserted.pk]
