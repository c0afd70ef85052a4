"""What follows the last signed byte: updates of validation data, explained to the last object."""

from __future__ import annotations

import io
import re
from typing import Any

import pikepdf
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from dealwright.signing.verification.report import Finding
from dealwright.signing.verification.structure import unsigned_tail

# Between the numbers of an object may stand blanks and comments (ISO 32000-2, 7.2.3 and 7.2.4).
_APART = rb"(?:[\x00\t\n\x0c\r ]|%[^\r\n]{0,2000}[\r\n])"
_OBJECT = re.compile(rb"(?<![0-9])([0-9]{1,10})%b+[0-9]{1,5}%b*obj" % (_APART, _APART))
# In the build properties of a seal made here, beside its level (ISO 32000-2, 12.8.1).
MAKER = "Dealwright"
_LATER = ("/ModDate", "/Producer")  # what a program may write when it adds validation data


def judge_tail(
    finding: Finding,
    signature: EmbeddedPdfSignature,
    level: ModificationLevel | None,
    content: bytes,
    end: int,
) -> None:
    """Whether what follows ``end``, the last signed byte, is validation data and nothing else.

    An update without any object is no update: readers that rebuild the file's table then
    show whatever stands behind the signed part (the attack ISA-B). For the same reason no
    object may stand there that the tables do not name.
    """
    tail = unsigned_tail(content, end)
    if not tail:
        return
    reader = signature.reader
    later = range(signature.signed_revision + 1, reader.xrefs.total_revisions)
    empty = any(not reader.xrefs.explicit_refs_in_revision(number) for number in later)
    if (
        level == ModificationLevel.NONE
        or not later
        or empty
        or tail.count(b"%%EOF") != len(later)
        or tail.count(b"startxref") != len(later)
        or not tail.endswith(b"%%EOF")
        or _unnamed_objects(reader, later, content, end)
    ):
        finding.fail("UNSIGNED_BYTES", "Bytes of no known purpose follow the signed file.")
    elif "/DSS" not in reader.root:
        finding.doubt(
            "CHANGED_AFTER_SIGNING", "The file was added to after the last signature was made."
        )
    elif _facts(content[:end]) != _facts(content):
        finding.doubt(
            "CHANGED_AFTER_SIGNING",
            "The title or other facts about the file were changed after the last signature.",
        )


def judge_promise(
    finding: Finding, signature: EmbeddedPdfSignature, *, stamped_later: bool
) -> None:
    """A seal made here says its level, and what it promises must be in the file.

    Without this, proof that was cut off at the end of a version would leave a sound file of a
    lower level. ``stamped_later`` tells that a document time stamp follows.
    """
    level = _promised(signature.sig_object)
    missing = level in ("B-LT", "B-LTA") and "/DSS" not in signature.reader.root
    if missing or (level == "B-LTA" and not stamped_later):
        finding.doubt(
            "PROOF_MISSING",
            f"The seal was made at level {level}, but its validation data or its document time "
            "stamp is not in the file.",
        )


def _promised(signed: Any) -> str:
    try:
        maker = signed["/Prop_Build"]["/App"]
        return str(maker["/REx"]) if maker["/Name"] == f"/{MAKER}" else ""
    except KeyError:
        return ""


def _unnamed_objects(reader: Any, later: range, content: bytes, end: int) -> bool:
    """Whether an object stands behind ``end`` at a place that no table gives."""
    named = set()
    for number in later:
        section = reader.xrefs.get_xref_data(number)
        named |= {place for _, place in section.standard_xrefs.values()}
        named.add(reader.xrefs.get_xref_container_info(number).start_location)
    return any(found.start() not in named for found in _OBJECT.finditer(content, end))


def _facts(content: bytes) -> tuple[dict[str, str], dict[str, str]]:
    """Title, author and the like, from both places where a PDF may keep them."""
    with pikepdf.open(io.BytesIO(content), suppress_warnings=True) as pdf:
        told = {
            str(key): str(value) for key, value in pdf.docinfo.items() if str(key) not in _LATER
        }
        with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as described:
            words = {
                str(key): str(value)
                for key, value in described.items()
                if not str(key).endswith(("ModifyDate", "MetadataDate", "Producer", "InstanceID"))
            }
    return told, words
