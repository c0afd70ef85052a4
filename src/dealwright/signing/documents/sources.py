"""What is no PDF becomes one: Word files, HTML and pictures, set by typst from a plain model.

Runs in the limited process: nothing is fetched and no file is read. What a document asks for
from elsewhere, and what would run, is left out, and a note says so. The model is what
``flow.typ`` takes: sections with a page size, blocks and runs of text.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pikepdf
from PIL import Image

from dealwright.base.errors import Invalid
from dealwright.signing.documents.pictures import MAX_PIXELS, check_size, open_picture
from dealwright.signing.documents.typesetting import typeset

_TEMPLATE = Path(__file__).with_name("flow.typ")
A4 = (595.28, 841.89)
MAX_UNPACKED = 200_000_000
MAX_MEMBERS = 5_000
MAX_BLOCKS = 20_000
MAX_FRAMES = 200
_PICTURES = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
}
CONTENT_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "html": "text/html",
    "picture": "application/octet-stream",
}
_ENDINGS = {
    "pdf", "docx", "html", "htm", "xhtml", "png", "jpg", "jpeg", "tif", "tiff", "heic", "heif",
}  # fmt: skip
_HEIC = (b"heic", b"heix", b"mif1", b"msf1", b"heim", b"heis", b"hevc")


@dataclass(slots=True)
class Flow:
    """A document as the typesetter takes it, and what was left out of it."""

    sections: list[dict[str, Any]] = field(default_factory=list)
    notes: set[str] = field(default_factory=set)
    blocks: int = 0
    pictures: int = 0  # bytes

    def add(self, blocks: list[dict[str, Any]], block: dict[str, Any]) -> None:
        """Put a block at the end; raises Invalid where a document has too many."""
        self.blocks += 1
        if self.blocks > MAX_BLOCKS:
            raise _refused("The document is too long to be converted. Save it as PDF.")
        blocks.append(block)

    def picture(self, content: bytes, width: float = 0, height: float = 0) -> dict[str, Any] | None:
        """A picture within the text, in points; None, with a note, where it cannot be read."""
        try:
            image = open_picture(content, formats=("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"))
        except Invalid:
            self.notes.add("A picture could not be read and was left out.")
            return None
        natural = image.width * 0.75, image.height * 0.75
        image.thumbnail((1_600, 1_600))
        out = io.BytesIO()
        clear = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
        if clear or image.mode in ("1", "P"):
            image.convert("RGBA").save(out, "PNG")
        else:
            image.convert("RGB").save(out, "JPEG", quality=85)
        self.pictures += out.tell()
        if self.pictures > 12_000_000:
            raise _refused("The document has too many pictures to be converted. Save it as PDF.")
        return {
            "t": "image",
            "data": list(out.getvalue()),
            "w": width or natural[0],
            "h": height or natural[1],
        }


def kind_of(content: bytes, name: str) -> str:
    """What an upload is by its content: "pdf", "picture", "docx", "html", or "" for nothing
    that can be sent. HTML has no mark of its own, so there the name counts as well."""
    if b"%PDF-" in content[:1024]:
        return "pdf"
    if any(content.startswith(mark) for mark in _PICTURES):
        return "picture"
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC:
        return "picture"
    if content.startswith(b"PK\x03\x04"):
        return "docx" if _has_member(content, "word/document.xml") else ""
    head = content[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    named = name.lower().endswith((".html", ".htm", ".xhtml"))
    if head.startswith((b"<!doctype html", b"<html")) or (named and head.startswith(b"<")):
        return "html"
    return ""


def pdf_name(name: str) -> str:
    """What the PDF of an upload is called."""
    stem, dot, ending = name.rpartition(".")
    return f"{stem if dot and stem and ending.lower() in _ENDINGS else name}.pdf"


def to_pdf(content: bytes, name: str) -> tuple[bytes, list[str]]:
    """The upload as PDF and what is to be told of it; a PDF as it is. Raises Invalid."""
    kind = kind_of(content, name)
    convert = _CONVERTERS.get(kind)
    if convert is None:
        return content, []
    pdf, notes = convert(content)
    return pdf, [_TOLD[kind], *sorted(notes)]


def pictures_to_pdf(content: bytes) -> tuple[bytes, set[str]]:
    """One page for each picture of the file, as large as A4 lets it be; a fax of many pages
    becomes as many. Nothing but the pixels stays."""
    import pi_heif  # type: ignore[import-untyped]

    pi_heif.register_heif_opener(thumbnails=False)
    formats = ("PNG", "JPEG", "TIFF", "HEIF")
    first = open_picture(content, formats=formats)
    with Image.open(io.BytesIO(content), formats=formats) as source:
        count = getattr(source, "n_frames", 1) if source.format == "TIFF" else 1
        if count > MAX_FRAMES:
            raise _refused(f"The file has {count} pictures; at most {MAX_FRAMES} can be sent.")
        sheets = [_sheet(first)]
        for number in range(1, count):
            source.seek(number)
            check_size(source)
            sheets.append(_sheet(source.copy()))
    with pikepdf.new() as whole:
        for sheet in sheets:
            with pikepdf.open(io.BytesIO(sheet)) as one:
                whole.pages.extend(one.pages)
        out = io.BytesIO()
        whole.save(out, deterministic_id=True)
    return out.getvalue(), set()


def flow_to_pdf(flow: Flow) -> tuple[bytes, set[str]]:
    """Set the document."""
    if not any(section["blocks"] for section in flow.sections):
        raise _refused("There is nothing in the document to be shown.")
    return typeset(_TEMPLATE, {"sections": flow.sections}, tagged=True), flow.notes


def unpacked(content: bytes) -> zipfile.ZipFile:
    """The container of a Word file; raises Invalid for one that unpacks to too much."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise _refused("The Word file is damaged. Save it anew, or as PDF.") from None
    if len(members) > MAX_MEMBERS or sum(each.file_size for each in members) > MAX_UNPACKED:
        raise _refused("The Word file unpacks to too much. Save it as PDF.", code="zip_bomb")
    if any(each.flag_bits & 1 for each in members):
        raise _refused("The Word file is protected by a password. Save it without one.")
    return archive


def _sheet(picture: Image.Image) -> bytes:
    """A page of A4, upright or across as the picture is, with the picture in its middle."""
    if picture.width * picture.height > MAX_PIXELS:
        raise _refused("A picture has more than 50 million pixels. Make it smaller.")
    width, height = A4 if picture.height >= picture.width else (A4[1], A4[0])
    flat = Image.new("RGB", picture.size, "white")
    clear = picture.convert("RGBA")
    flat.paste(clear, mask=clear.getchannel("A"))
    flat.thumbnail((3_508, 3_508))
    scale = min(width / flat.width, height / flat.height)
    w, h = flat.width * scale, flat.height * scale
    data = io.BytesIO()
    flat.save(data, "JPEG", quality=90)
    with pikepdf.new() as sheet:
        page = sheet.add_blank_page(page_size=(width, height))
        image = sheet.make_stream(
            data.getvalue(),
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Image,
            Width=flat.width,
            Height=flat.height,
            ColorSpace=pikepdf.Name.DeviceRGB,
            BitsPerComponent=8,
            Filter=pikepdf.Name.DCTDecode,
        )
        page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Picture=image))
        place = f"{w:.3f} 0 0 {h:.3f} {(width - w) / 2:.3f} {(height - h) / 2:.3f}"
        page.Contents = sheet.make_stream(f"q {place} cm /Picture Do Q".encode())
        out = io.BytesIO()
        sheet.save(out, deterministic_id=True)
    return out.getvalue()


def _has_member(content: bytes, name: str) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return name in archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError):
        return False


def _docx(content: bytes) -> tuple[bytes, set[str]]:
    from dealwright.signing.documents.word import read_docx

    return flow_to_pdf(read_docx(content))


def _html(content: bytes) -> tuple[bytes, set[str]]:
    from dealwright.signing.documents.html import read_html

    return flow_to_pdf(read_html(content))


_CONVERTERS: dict[str, Callable[[bytes], tuple[bytes, set[str]]]] = {
    "docx": _docx,
    "html": _html,
    "picture": pictures_to_pdf,
}
_TOLD = {
    "docx": "The Word file was converted to PDF. Check that it looks as it should.",
    "html": "The HTML file was converted to PDF. Check that it looks as it should.",
    "picture": "The picture was put on a page.",
}


def _refused(sentence: str, *, code: str = "unusable_document") -> Invalid:
    return Invalid(sentence, code=code, fields={"document": [sentence]})
