"""What a file is, told by its content."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as some

from base.files import samples
from dealwright.base.errors import Invalid
from dealwright.base.files.content import NAME_LENGTH, check_content, safe_name

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def kind_of(name: str, content: bytes) -> str:
    source = io.BytesIO(content)
    kind = check_content(name, source).content_type
    assert source.tell() == 0
    return kind


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.pdf", samples.pdf(), "application/pdf"),
        ("a.png", samples.image("PNG"), "image/png"),
        ("a.jpg", samples.image("JPEG"), "image/jpeg"),
        ("a.gif", samples.image("GIF"), "image/gif"),
        ("a.webp", samples.image("WEBP"), "image/webp"),
        ("a.xlsx", samples.xlsx(), EXCEL),
        ("a.docx", samples.docx(), WORD),
        ("a.zip", samples.archive({"a.txt": b"x"}), "application/zip"),
        ("a.csv", b"\xef\xbb\xbfname;amount\nKim;5", "text/csv"),
        ("a.txt", "Grüße".encode(), "text/plain"),
        ("notes", b"no ending", "text/plain"),
        ("a.json", b"{}", "application/json"),
        ("a.html", b"<p>x</p>", "text/html"),
        ("a.svg", b'<?xml version="1.0"?><svg xmlns="x"/>', "image/svg+xml"),
    ],
)
def test_it_tells_the_kind(name: str, content: bytes, kind: str) -> None:
    assert kind_of(name, content) == kind


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.pdf", b"", "The file is empty."),
        ("a.pdf", samples.image(), "The content of “a.pdf” is not what its ending .pdf says."),
        ("a.png", samples.pdf(), "The content of “a.png” is not what its ending .png says."),
        ("a.docx", samples.xlsx(), "is not what its ending .docx says"),
        ("a.txt", b"<!DOCTYPE html><script>", "is not what its ending .txt says"),
        ("a.csv", b"<svg onload=x>", "is not what its ending .csv says"),
        ("a.exe", b"MZ\x90\x00\x03", "“a.exe” is of a kind that is not allowed"),
        ("a.txt", "Grüße".encode("latin-1"), "text that is not in UTF-8"),
        ("a.txt", b"x" * 2_000_000 + b"\xff", "text that is not in UTF-8"),
        ("a.zip", b"PK\x03\x04garbage", "The file is a broken archive."),
        (
            "a.docx",
            samples.archive(
                {"[Content_Types].xml": b"", "word/document.xml": b"", "word/vbaProject.bin": b""}
            ),
            "macros are not allowed",
        ),
        ("a.zip", samples.archive({"a": b"\0" * 30_000_000}), "far too large when unpacked"),
        (
            "a.zip",
            samples.archive({str(n): b"" for n in range(10_001)}),
            "The archive holds too many files.",
        ),
    ],
)
def test_it_refuses_what_is_wrong(name: str, content: bytes, sentence: str) -> None:
    with pytest.raises(Invalid) as refusal:
        kind_of(name, content)
    assert sentence in refusal.value.message
    assert refusal.value.fields["file"]


def test_a_file_that_is_two_things_counts_as_the_first() -> None:
    """A GIF that is an archive as well is shown as an image, never opened as one."""
    assert kind_of("a.gif", samples.image("GIF") + samples.archive({"x": b"x"})) == "image/gif"


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("Offer 2026.pdf", "Offer 2026.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\kim\\offer.pdf", "offer.pdf"),
        ("inno\u202efdp.exe", "innofdp.exe"),
        ("a\r\nSet-Cookie: x", "aSet-Cookie_ x"),
        ('a"b<c>.pdf', "a_b_c_.pdf"),
        ("...", "file"),
        ("", "file"),
        ("x" * 300 + ".pdf", "x" * (NAME_LENGTH - 4) + ".pdf"),
    ],
)
def test_a_name_is_made_safe(given_name: str, kept: str) -> None:
    assert safe_name(given_name) == kept


@given(some.text(max_size=400))
def test_every_name_comes_out_safe_and_stays(name: str) -> None:
    safe = safe_name(name)
    assert 0 < len(safe) <= NAME_LENGTH
    assert not set(safe) & set('/\\\0\r\n"<>')
    assert safe_name(safe) == safe
