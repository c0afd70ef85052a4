"""What the bytes say, before any PDF library is believed.

The attacks on PDF signatures (incremental saving, signature wrapping, universal forgery:
Mladenov et al., 2019) live where two parsers disagree. So the byte range is checked on the
raw file, signatures are counted by a second parser (qpdf), and a third one (PDFium) must
see as many pages.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pikepdf
from asn1crypto import parser  # type: ignore[import-untyped]

from dealwright.signing.verification.report import Finding

_BLANK = b"\r\n\t\x00\x0c "
# A table that leaves room for more objects than there are; programs that sign often do.
_HARMLESS = "is not one plus the highest object number"
_END_OF_FILE = re.compile(rb"startxref[\r\n\t ]+\d+[\r\n\t ]+%%EOF")


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which bytes a signature covers: all up to ``end`` but its own Contents."""

    end: int
    finding: Finding


def check_byte_range(content: bytes, byte_range: Any, contents: bytes) -> Coverage:
    """Whether the range is ``[0 a b c]`` with nothing but the signature itself in the gap."""
    finding = Finding()
    try:
        zero, first, second, length = (int(number) for number in byte_range)
    except (TypeError, ValueError):
        finding.fail("FORMAT_FAILURE", "The signature does not say which bytes it covers.")
        return Coverage(0, finding)
    end = second + length
    if zero != 0 or first <= 0 or length <= 0 or second <= first or end > len(content):
        finding.fail("FORMAT_FAILURE", "The signature's byte range is not that of one whole file.")
        return Coverage(0, finding)
    gap = content[first:second]
    if gap[:1] != b"<" or gap[-1:] != b">":
        finding.fail(
            "FORMAT_FAILURE", "More than the signature itself is left out of the signed bytes."
        )
        return Coverage(end, finding)
    try:
        left_out = bytes.fromhex(gap[1:-1].decode("ascii"))
    except ValueError:
        finding.fail(
            "FORMAT_FAILURE", "More than the signature itself is left out of the signed bytes."
        )
        return Coverage(end, finding)
    if left_out != contents:
        finding.fail("FORMAT_FAILURE", "The signature that is shown is not the one in its gap.")
    elif left_out[_der_length(left_out) :].strip(b"\x00"):
        finding.fail(
            "FORMAT_FAILURE", "Bytes of no known purpose stand behind the signature value."
        )
    if not content[:end].rstrip(_BLANK).endswith(b"%%EOF"):
        finding.fail(
            "FORMAT_FAILURE", "The signed bytes do not end where a version of the file ends."
        )
    return Coverage(end, finding)


def _der_length(value: bytes) -> int:
    """The length of the object that begins ``value``, header included: DER (X.690, 10.1), or BER
    of indefinite length (8.1.3.6), which some programs write against the rules."""
    try:
        return int(parser.peek(value))
    except ValueError:
        return 0


def unsigned_tail(content: bytes, end: int) -> bytes:
    """What follows the last signed byte; blanks do not count."""
    return content[end:].strip(_BLANK)


def check_header(content: bytes) -> Finding:
    finding = Finding()
    if not content.startswith(b"%PDF-"):
        finding.doubt(
            "FORMAT_FAILURE", "The file does not begin as a PDF; viewers may differ on it."
        )
    if not _END_OF_FILE.search(content[-2048:]):
        finding.doubt("FORMAT_FAILURE", "The file does not end as a PDF; viewers may differ on it.")
    return finding


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """What qpdf sees: pages, filled signature fields by name and the forms of their signatures,
    signatures outside any field, whether fields share one."""

    pages: int
    signed_fields: tuple[str, ...]
    subfilters: tuple[str, ...]
    orphans: int
    shared: bool
    complaints: tuple[str, ...]


def second_opinion(content: bytes) -> SecondOpinion:
    """Read the file with qpdf, which must not need to repair it."""
    with pikepdf.open(io.BytesIO(content), attempt_recovery=False, suppress_warnings=True) as pdf:
        filled = list(_signed_fields(pdf))
        numbers = [value.objgen for _, value in filled if value.is_indirect]
        held = set(numbers)
        orphans = sum(
            1
            for thing in pdf.objects
            if isinstance(thing, pikepdf.Dictionary)
            and "/ByteRange" in thing
            and thing.objgen not in held
        )
        return SecondOpinion(
            pages=len(pdf.pages),
            signed_fields=tuple(name for name, _ in filled),
            subfilters=tuple(str(value.get("/SubFilter", "none")) for _, value in filled),
            orphans=orphans,
            shared=len(held) < len(numbers),
            complaints=tuple(
                text for text in map(str, pdf.get_warnings()) if _HARMLESS not in text
            ),
        )


def _signed_fields(pdf: pikepdf.Pdf) -> Iterator[tuple[str, Any]]:
    form = pdf.Root.get("/AcroForm")
    roots: Any = form.get("/Fields", []) if isinstance(form, pikepdf.Dictionary) else []
    seen: set[tuple[int, int]] = set()
    queue: list[tuple[Any, str, Any]] = [(field, "", None) for field in roots]
    while queue:
        node, prefix, kind = queue.pop()
        if not isinstance(node, pikepdf.Dictionary):
            continue
        if node.is_indirect:
            if node.objgen in seen:
                continue
            seen.add(node.objgen)
        own = str(node.get("/T", ""))
        name = ".".join(part for part in (prefix, own) if part)
        kind = node.get("/FT", kind)
        value = node.get("/V")
        if kind == "/Sig" and isinstance(value, pikepdf.Dictionary):
            yield name, value
        queue += [(child, name, kind) for child in node.get("/Kids", [])]
