"""What a file is, told by its content and never by what the sender claims."""

from __future__ import annotations

import re
import unicodedata
import zipfile
from codecs import getincrementaldecoder
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from dealwright.base.errors import Invalid

_IMAGES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
_OFFICE = {  # the member that makes a ZIP this kind of document
    "word/document.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/workbook.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/presentation.xml": (
        "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    ),
}
_TEXTS = {
    ".txt": "text/plain",
    ".log": "text/plain",
    ".md": "text/markdown",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".ndjson": "application/x-ndjson",
    ".xml": "application/xml",
    ".ics": "text/calendar",
    ".vcf": "text/vcard",
    ".eml": "message/rfc822",
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "text/html",
    ".svg": "image/svg+xml",
}
_EXTENSIONS = {  # what a name may end in when the content is of a binary kind
    "application/pdf": {".pdf"},
    "image/png": {".png"},
    "image/jpeg": {".jpg", ".jpeg", ".jpe"},
    "image/gif": {".gif"},
    "image/webp": {".webp"},
    "application/zip": {".zip"},
    _OFFICE["word/document.xml"]: {".docx"},
    _OFFICE["xl/workbook.xml"]: {".xlsx"},
    _OFFICE["ppt/presentation.xml"]: {".pptx"},
}
# Plain text that a desktop runs when its icon is clicked.
_RUN_ON_A_CLICK = {
    ".bat", ".cmd", ".hta", ".js", ".jse", ".ps1", ".reg", ".scf", ".url", ".vbe", ".vbs", ".wsf",
    ".wsh",
}  # fmt: skip
INLINE = {  # what may be shown inside a page; everything else is only downloaded
    "application/pdf",
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "text/plain",
    "text/csv",
    "text/tab-separated-values",
    "text/markdown",
}
ALLOWED_SENTENCE = (
    "Allowed are PDF, images (PNG, JPEG, GIF, WebP), Word, Excel, PowerPoint, ZIP and text "
    "in UTF-8."
)
MOST_UNPACKED = 1_000_000_000
MOST_MEMBERS = 10_000
MOST_RATIO = 200  # a spreadsheet of equal rows reaches about 100, a bomb far more
NAME_LENGTH = 180


@dataclass(frozen=True, slots=True)
class Content:
    """The kind of a file, and whether a browser may show it inside a page."""

    content_type: str

    @property
    def inline(self) -> bool:
        return self.content_type in INLINE


def check_content(name: str, source: BinaryIO) -> Content:
    """Tell what a file is; ``source`` is left at its beginning.

    Raises Invalid where it is none of the allowed kinds, does not match the name's ending,
    is a broken or exploding archive, or is empty.
    """
    source.seek(0)
    head = source.read(4096)
    source.seek(0)
    if not head:
        raise _refuse("The file is empty.")
    kind = _kind_of(head, source, name)
    extension = PurePosixPath(name).suffix.lower()
    expected = _EXTENSIONS.get(kind, {each for each, text in _TEXTS.items() if text == kind})
    if (
        extension
        and extension not in expected
        and (extension in _TEXTS or any(extension in each for each in _EXTENSIONS.values()))
    ):
        raise _refuse(f"The content of “{name}” is not what its ending {extension} says.")
    source.seek(0)
    return Content(kind)


def safe_name(name: str) -> str:
    """A file name without path, control characters or characters that hide its ending.

    A right-to-left override can make ``exe.pdf`` of ``fdp.exe``; it is taken out.
    """
    text = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    kept = (
        each for each in text if unicodedata.category(each) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )
    text = re.sub(r'[<>:"|?*]', "_", re.sub(r"\s+", " ", "".join(kept))).strip(" .")
    if not text:
        return "file"
    if len(text) > NAME_LENGTH:
        ending = PurePosixPath(text).suffix[:12]
        text = text[: NAME_LENGTH - len(ending)].rstrip(" .") + ending
    return text


def _kind_of(head: bytes, source: BinaryIO, name: str) -> str:
    for magic, kind in _IMAGES.items():
        if head.startswith(magic):
            return kind
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    if b"%PDF-" in head[:1024]:  # ISO 32000 readers look for it in the first 1024 bytes
        return "application/pdf"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_kind(source)
    return _text_kind(head, source, name)


def _zip_kind(source: BinaryIO) -> str:
    """Which document a ZIP is; its directory is read, nothing is unpacked."""
    try:
        with zipfile.ZipFile(source) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise _refuse("The file is a broken archive.") from None
    if len(members) > MOST_MEMBERS:
        raise _refuse("The archive holds too many files.")
    unpacked = sum(each.file_size for each in members)
    packed = sum(each.compress_size for each in members)
    if unpacked > MOST_UNPACKED or unpacked > max(packed, 50_000) * MOST_RATIO:
        raise _refuse("The archive would grow far too large when unpacked.")
    names = {each.filename for each in members}
    if "[Content_Types].xml" in names:
        if any(each.endswith("vbaProject.bin") for each in names):
            raise _refuse("Office documents with macros are not allowed.")
        for member, kind in _OFFICE.items():
            if member in names:
                return kind
    return "application/zip"


def _text_kind(head: bytes, source: BinaryIO, name: str) -> str:
    if PurePosixPath(name).suffix.lower() in _RUN_ON_A_CLICK:
        raise _refuse(f"“{name}” is of a kind that is not allowed. {ALLOWED_SENTENCE}")
    decoder = getincrementaldecoder("utf-8")()
    source.seek(0)
    while chunk := source.read(1024 * 1024):
        if b"\x00" in chunk:
            raise _refuse(f"“{name}” is of a kind that is not allowed. {ALLOWED_SENTENCE}")
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError:
            raise _unknown(name) from None
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise _unknown(name) from None
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "text/html"
    if start.startswith(b"<svg") or (start.startswith(b"<?xml") and b"<svg" in head.lower()):
        return "image/svg+xml"
    return _TEXTS.get(PurePosixPath(name).suffix.lower(), "text/plain")


def _unknown(name: str) -> Invalid:
    return _refuse(
        f"“{name}” is of a kind that is not allowed, or is text that is not in UTF-8. "
        f"{ALLOWED_SENTENCE}"
    )


def _refuse(sentence: str) -> Invalid:
    return Invalid(sentence, code="file_content", fields={"file": [sentence]})
