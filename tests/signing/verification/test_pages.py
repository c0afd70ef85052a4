"""The public page that checks a PDF: plain words for a sound seal, a damaged file, no PDF."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dealwright.signing.seals.services import seal_settings
from signing.make import make_pdf
from signing.verification.outsider import authority, by_hand, sign
from signing.verification.test_foreign import stamp

pytestmark = pytest.mark.django_db


def check(content: bytes, name: str = "file.pdf") -> tuple[int, str]:
    answer = Client().post("/verify", {"document": SimpleUploadedFile(name, content)})
    return answer.status_code, answer.content.decode()


def test_what_is_no_pdf_is_refused_by_name() -> None:
    status, text = check(b"# Read me", "README.md")
    assert status == 422
    assert "This is no PDF file." in text


def test_a_broken_file_is_told_in_plain_words() -> None:
    status, text = check(b"%PDF-1.7\nnothing else")
    assert status == 200
    assert "not built as a PDF should be" in text


def test_the_page_says_whom_it_trusts_for_time() -> None:
    assert "No authority of time stamps is trusted" in Client().get("/verify").content.decode()
    stored = seal_settings()
    stored.tsa_roots = authority().pem.decode()
    stored.save()
    status, text = check(stamp(sign(by_hand())))
    assert status == 200
    assert text.count("Common Name: Foreign Root") >= 2  # in words, and who issued the stamp
    assert "Trusted in this check: the root of" in text
    words = text.split("Timestamp 2")[1]
    assert "Passed" in words


def test_an_unsigned_file_says_so() -> None:
    status, text = check(make_pdf("Not signed."))
    assert status == 200
    assert "The file carries no signature." in text
