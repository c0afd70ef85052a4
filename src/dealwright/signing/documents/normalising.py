"""An uploaded PDF becomes one that shows the same to everyone: checked, flattened, rebuilt.

What could make two people see two documents is refused (scripts, XFA, attachments, layers
that change between screen and print, encryption); form fields and notes are drawn into the
page; objects that nothing refers to, where shadow content hides, fall away in the rebuild.
Runs in the limited process (``signing.sandbox``): a PDF is hostile until it was read.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pikepdf

from dealwright.base.errors import Invalid
from dealwright.signing.documents.geometry import PageGeometry

MAX_BYTES = 100 * 1024 * 1024
MAX_PAGES = 2_000
MAX_DEPTH = 60
_KEPT_IN_CATALOG = {
    "/Type",
    "/Pages",
    "/Lang",
    "/MarkInfo",
    "/StructTreeRoot",
    "/Outlines",
    "/PageLabels",
    "/ViewerPreferences",
}
_REFUSED_ACTIONS = {
    "/JavaScript": "It runs JavaScript.",
    "/Launch": "It can start a program.",
    "/ImportData": "It can import data into itself.",
    "/SubmitForm": "It can send what is typed to another place.",
    "/Rendition": "It plays media.",
    "/GoTo3DView": "It contains a 3D view.",
    "/SetOCGState": "It switches layers on and off.",
    "/Hide": "It hides and shows parts of itself.",
}
_REFUSED_ANNOTATIONS = {
    "/RichMedia": "It plays media.",
    "/Movie": "It plays media.",
    "/Screen": "It plays media.",
    "/3D": "It contains a 3D view.",
    "/FileAttachment": "Another file is attached to it.",
}


@dataclass(frozen=True, slots=True)
class NormalisedDocument:
    """A PDF that is safe to send: its bytes, their SHA-256 and the geometry of each page."""

    pdf: bytes
    sha256: str
    pages: tuple[PageGeometry, ...]
    notes: tuple[str, ...] = field(default=())


def normalise_pdf(content: bytes, *, accept_signed: bool = False) -> NormalisedDocument:
    """Check, flatten and rebuild an uploaded PDF.

    Args:
        accept_signed: take a file that is signed already. Its signatures turn into
            pictures, for a rebuild cannot keep them; the file as uploaded stays beside it.

    Raises:
        Invalid: with one sentence that says what is in the way and what to do.
    """
    if len(content) > MAX_BYTES:
        raise _refused("The file is larger than 100 MB. Split it or make its pictures smaller.")
    if b"%PDF-" not in content[:1024]:
        raise _refused("This is not a PDF file. Upload a PDF, Word (.docx), HTML or picture file.")
    pdf = _open(content)
    _refuse_encrypted(pdf)
    with pdf:
        notes = _refuse_what_changes_its_face(pdf, accept_signed=accept_signed)
        _flatten(pdf)
        _strip(pdf)
        clean = _saved(pdf)
    with _open(clean) as rebuilt:
        pages = read_pages(rebuilt)
    return NormalisedDocument(clean, hashlib.sha256(clean).hexdigest(), pages, tuple(notes))


def read_pages(pdf: pikepdf.Pdf) -> tuple[PageGeometry, ...]:
    """The geometry of each page; raises Invalid for a page without an area."""
    return tuple(page_geometry(page) for page in pdf.pages)


def page_geometry(page: pikepdf.Page) -> PageGeometry:
    """What of the page is visible and how it is turned (ISO 32000-2, 14.11.2)."""
    media, crop = _rectangle(page.mediabox), _rectangle(page.cropbox)
    left, bottom = max(media[0], crop[0]), max(media[1], crop[1])
    right, top = min(media[2], crop[2]), min(media[3], crop[3])
    if right - left < 1 or top - bottom < 1:
        left, bottom, right, top = media
    if right - left < 1 or top - bottom < 1:
        raise _refused(f"Page {page.index + 1} has no area.")
    unit = float(page.obj.get("/UserUnit", 1))
    return PageGeometry(
        left=left,
        bottom=bottom,
        right=right,
        top=top,
        rotation=int(_inherited(page, "/Rotate", 0)) % 360 // 90 * 90,
        unit=unit if 0 < unit <= 1000 else 1.0,
    )


def _open(content: bytes) -> pikepdf.Pdf:
    try:
        return pikepdf.open(io.BytesIO(content), suppress_warnings=True)
    except pikepdf.PasswordError:
        raise _refused(
            "The PDF is protected by a password. Save a copy without the password and upload that.",
            code="encrypted",
        ) from None
    except (pikepdf.PdfError, ValueError, RuntimeError, OSError):
        raise _refused(
            "The PDF is damaged and cannot be read. Print it to PDF again and upload that."
        ) from None


def _refuse_encrypted(pdf: pikepdf.Pdf) -> None:
    if pdf.is_encrypted:
        raise _refused(
            "The PDF is encrypted: its author restricted what may be done with it. "
            "Save a copy without restrictions and upload that.",
            code="encrypted",
        )


def _refuse_what_changes_its_face(pdf: pikepdf.Pdf, *, accept_signed: bool) -> list[str]:
    """Raises Invalid for the first thing that would let two people see two documents."""
    count = len(pdf.pages)
    if not count:
        raise _refused("The PDF has no pages.")
    if count > MAX_PAGES:
        raise _refused(f"The PDF has {count} pages; at most {MAX_PAGES} can be sent for signature.")
    notes = []
    form = pdf.Root.get("/AcroForm")
    if isinstance(form, pikepdf.Dictionary) and "/XFA" in form:
        raise _refused(
            "The PDF is an XFA form, which most viewers cannot show. "
            "Print it to PDF and upload that.",
            code="xfa",
        )
    for found in _dictionaries(pdf):
        if _is_signature(found):
            if not accept_signed:
                raise _refused(
                    "The PDF is already signed; changing it would break that signature. Upload the "
                    "unsigned document, or choose to send it with its signatures as pictures.",
                    code="already_signed",
                )
            notes.append("The document was signed before; its signatures became pictures here.")
        _refuse_dictionary(found)
    _refuse_changing_layers(pdf)
    return sorted(set(notes))


def _refuse_dictionary(found: Any) -> None:
    action = str(found.get("/S", "")) if isinstance(found.get("/S"), pikepdf.Name) else ""
    if "/JS" in found and action != "/Rendition":
        action = "/JavaScript"
    if action in _REFUSED_ACTIONS and ("/Type" not in found or found.get("/Type") == "/Action"):
        raise _refused(
            f"The PDF cannot be sent for signature: {_REFUSED_ACTIONS[action]} "
            "Print it to PDF and upload that.",
            code="active_content",
        )
    kind = str(found.get("/Subtype", "")) if isinstance(found.get("/Subtype"), pikepdf.Name) else ""
    if kind in _REFUSED_ANNOTATIONS and "/Rect" in found:
        raise _refused(
            f"The PDF cannot be sent for signature: {_REFUSED_ANNOTATIONS[kind]} "
            "Print it to PDF and upload that.",
            code="embedded_file" if kind == "/FileAttachment" else "active_content",
        )
    if found.get("/Type") == "/EmbeddedFile" or isinstance(found.get("/EF"), pikepdf.Dictionary):
        raise _refused(
            "Other files are embedded in the PDF. Remove them, or print it to PDF and upload that.",
            code="embedded_file",
        )


def _refuse_changing_layers(pdf: pikepdf.Pdf) -> None:
    """Layers may stay only where all are on, always; then they are plain content."""
    layers = pdf.Root.get("/OCProperties")
    if not isinstance(layers, pikepdf.Dictionary):
        return
    default = layers.get("/D", pikepdf.Dictionary())
    if default.get("/OFF") or default.get("/AS") or default.get("/BaseState", "/ON") != "/ON":
        raise _refused(
            "The PDF has layers that are hidden or differ between screen and print. "
            "Print it to PDF and upload that.",
            code="layers",
        )


def _is_signature(found: Any) -> bool:
    if "/ByteRange" in found:
        return True
    return found.get("/FT") == "/Sig" and isinstance(found.get("/V"), pikepdf.Dictionary)


def _dictionaries(pdf: pikepdf.Pdf) -> Iterator[Any]:
    """Every dictionary of the file, those inside arrays and other dictionaries included."""
    for thing in pdf.objects:
        yield from _walk(thing, 0)


def _walk(thing: Any, depth: int) -> Iterator[Any]:
    if depth > MAX_DEPTH:
        raise _refused("The PDF is nested too deeply to be checked. Print it to PDF again.")
    if isinstance(thing, pikepdf.Dictionary | pikepdf.Stream):
        yield thing
        children: list[Any] = [thing[key] for key in thing.keys()]  # noqa: SIM118
    elif isinstance(thing, pikepdf.Array):
        children = list(thing)
    else:
        return
    for child in children:
        if isinstance(child, pikepdf.Object) and not child.is_indirect:
            yield from _walk(child, depth + 1)


def _flatten(pdf: pikepdf.Pdf) -> None:
    """Draw form fields and notes into their pages; only links stay as annotations."""
    if "/AcroForm" in pdf.Root:
        pdf.generate_appearance_streams()
    pdf.flatten_annotations("all")
    for page in pdf.pages:
        kept = [link for link in page.obj.get("/Annots", []) if _plain_link(link)]
        if kept:
            page.obj.Annots = pikepdf.Array(kept)
        elif "/Annots" in page.obj:
            del page.obj["/Annots"]


def _plain_link(annotation: Any) -> bool:
    """A link within the document or to a web page."""
    if not isinstance(annotation, pikepdf.Dictionary) or annotation.get("/Subtype") != "/Link":
        return False
    if "/AA" in annotation:
        return False
    action = annotation.get("/A")
    if action is None:
        return "/Dest" in annotation
    if "/Next" in action:
        return False
    if action.get("/S") == "/GoTo":
        return True
    address = str(action.get("/URI", ""))
    return action.get("/S") == "/URI" and address.startswith(("http://", "https://", "mailto:"))


def _strip(pdf: pikepdf.Pdf) -> None:
    """Leave the pages, their tags and outline; drop every place from which things happen."""
    for key in list(pdf.Root.keys()):
        if key not in _KEPT_IN_CATALOG:
            del pdf.Root[key]
    for page in pdf.pages:
        for key in ("/AA", "/Metadata", "/PieceInfo", "/Thumb", "/B", "/Trans", "/Dur"):
            if key in page.obj:
                del page.obj[key]
    for key in list(pdf.trailer.keys()):
        if key not in ("/Root", "/Size", "/ID", "/Info"):
            del pdf.trailer[key]
    if "/Info" in pdf.trailer:
        title = pdf.trailer.Info.get("/Title")
        pdf.trailer.Info = pdf.make_indirect(
            pikepdf.Dictionary(Title=title) if title is not None else pikepdf.Dictionary()
        )


def _saved(pdf: pikepdf.Pdf) -> bytes:
    out = io.BytesIO()
    pdf.save(
        out,
        deterministic_id=True,
        object_stream_mode=pikepdf.ObjectStreamMode.disable,
        min_version="1.7",
    )
    return out.getvalue()


def _inherited(page: pikepdf.Page, key: str, default: Any) -> Any:
    node: Any = page.obj
    steps = 0
    while node is not None and steps < MAX_DEPTH:
        if key in node:
            return node[key]
        node, steps = node.get("/Parent"), steps + 1
    return default


def _rectangle(values: Any) -> tuple[float, float, float, float]:
    try:
        a, b, c, d = (float(value) for value in values)
    except (TypeError, ValueError):
        raise _refused("A page has no readable size. Print the document to PDF again.") from None
    return min(a, c), min(b, d), max(a, c), max(b, d)


def _refused(sentence: str, *, code: str = "unusable_document") -> Invalid:
    return Invalid(sentence, code=code, fields={"document": [sentence]})
