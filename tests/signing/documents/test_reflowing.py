"""Lines of a page become paragraphs again, and no word is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dealwright.signing.documents.reading import all_text
from dealwright.signing.documents.reflowing import paragraphs_of
from signing.make import make_pdf

SUBJECT = (
    "The supplier lets the customer use the core platform named in the order, with the modules "
    "listed there, for the number of users agreed on, for the term of this agreement and for no "
    "other purpose."
)
LAW = (
    "The law of Germany applies. The courts at the supplier’s seat decide on every dispute that "
    "arises from this agreement or in connection with it, Hamburg being that seat today."
)


def test_the_paragraphs_of_a_real_page_come_back_whole() -> None:
    (text,) = all_text(make_pdf(SUBJECT, LAW, "Short."))
    assert len(text.splitlines()) > 5
    assert paragraphs_of(text) == ["Page 1", SUBJECT, LAW, "Short."]


def test_items_of_a_list_stay_apart() -> None:
    text = (
        "The customer pays the fee of 14,400 euro a year and besides that nothing else:\r\n"
        "1. in advance, within thirty days of the day on which the invoice has come to\r\n"
        "hand,\r\n(b) without value added tax.\r\n• And so on."
    )
    assert paragraphs_of(text) == [
        "The customer pays the fee of 14,400 euro a year and besides that nothing else:",
        "1. in advance, within thirty days of the day on which the invoice has come to hand,",
        "(b) without value added tax.",
        "• And so on.",
    ]


def test_a_divided_word_is_one_again() -> None:
    assert paragraphs_of("each party under this agree\ufffe\r\nment is liable") == [
        "each party under this agreement is liable"
    ]


def test_names_and_addresses_stand_in_lines_of_their_own() -> None:
    text = "Signed electronically: Order form with service terms\nAda Lovelace\nada@buyer.test"
    assert paragraphs_of(text)[1:] == ["Ada Lovelace", "ada@buyer.test"]


def test_nothing_gives_nothing() -> None:
    assert paragraphs_of(" \r\n\r\n") == []


@given(st.text(st.sampled_from("abc ABC 123.()•-\n\r"), max_size=300))
def test_no_word_is_lost_or_moved(text: str) -> None:
    assert " ".join(paragraphs_of(text)).split() == text.split()


def test_what_is_changed_in_an_answer_changes_no_other() -> None:
    text = "One line.\n\nAnother."
    first = paragraphs_of(text)
    first.clear()
    assert paragraphs_of(text) == ["One line.", "Another."]


def test_a_page_too_long_to_be_kept_is_read_alike() -> None:
    assert paragraphs_of("soft\u00ad\nware " * 5_000) == paragraphs_of("soft\u00ad\nware " * 5_000)
    assert "\u00ad" not in "".join(paragraphs_of("soft\u00ad\nware " * 5_000))
