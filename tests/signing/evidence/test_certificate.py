"""The certificate of completion: an archive file, whatever the names are written in."""

from __future__ import annotations

import io

import pikepdf
import pytest
from django.utils import timezone

from dealwright.signing.documents.reading import all_text
from dealwright.signing.envelopes.certificate import certificate_of_completion
from dealwright.signing.envelopes.drafts import NewRecipient
from make import acting, make_user
from signing.make import make_sent_envelope, sign_all

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
NAMES = {
    "Latin": "Zoë Dvořáková",
    "Greek": "Ελένη Παπαδοπούλου",
    "Cyrillic": "Дарья Ёлкина",
    "Arabic": "ليلى المنصور",
    "Hebrew": "נועה לוי",
    "Chinese": "李小龍",
    "Korean": "김민지",
    "Devanagari": "प्रिया शर्मा",
    "Emoji": "Ada 👩🏽‍🚀 🇩🇪",
}


def signed_by(*names: str) -> bytes:
    """The certificate of an envelope that these people signed, drawing and typing in turn."""
    envelope = make_sent_envelope(
        acting(make_user()),
        recipients=[
            NewRecipient(name=name, email=f"r{place}@buyer.test", order=place)
            for place, name in enumerate(names, start=1)
        ],
    )
    for recipient in envelope.recipients.all():
        recipient.refresh_from_db()
        sign_all(recipient, typed="" if recipient.position % 2 else recipient.name)
    envelope.refresh_from_db()
    return certificate_of_completion(envelope, at=timezone.now())


def test_it_is_an_archive_file_with_all_that_was_done() -> None:
    pdf = signed_by("Ada Lovelace", "Grace Hopper")
    with pikepdf.open(io.BytesIO(pdf)) as document:
        with document.open_metadata() as metadata:
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("2", "U")
        (intent,) = document.Root.OutputIntents
        assert intent.S == "/GTS_PDFA1"
        fonts = [each for each in document.objects if _is_font(each)]
        assert fonts
        assert all(_is_embedded(each) for each in fonts)
    text = " ".join(" ".join(all_text(pdf)).split())
    for told in (
        "Signature as drawn", "Signature as typed", "203.0.113.7", "Mozilla/5.0 (test)",
        "text version", "SHA-256", "code by e-mail; r1@buyer.test", "Grace Hopper signed",
    ):  # fmt: skip
        assert told in text


def _is_font(value: object) -> bool:
    return isinstance(value, pikepdf.Dictionary) and value.get("/Type") == "/FontDescriptor"


def _is_embedded(value: object) -> bool:
    assert isinstance(value, pikepdf.Dictionary)
    return any(key in value for key in ("/FontFile", "/FontFile2", "/FontFile3"))


def test_it_never_fails_on_a_glyph() -> None:
    """A name is there in its own script where a font can draw it, else by code points."""
    text = "".join(all_text(signed_by(*NAMES.values())))
    for script in ("Latin", "Greek", "Cyrillic"):
        assert NAMES[script] in text
    for script, name in NAMES.items():
        letters = [each for each in name if each.isalpha()]
        spelled = [f"U+{ord(each):04X}" for each in letters]
        seen = [each in text or code in text for each, code in zip(letters, spelled, strict=True)]
        assert sum(seen) >= len(seen) / 2, script
