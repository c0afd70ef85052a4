"""Validators that share no code with ours: pdfsig (poppler), and PDFium with openssl."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as raw
import pytest


def pdfsig(path: Path) -> str:
    """What poppler says of the signatures."""
    if shutil.which("pdfsig") is None:
        pytest.skip("poppler-utils is not installed")
    return subprocess.run(["pdfsig", str(path)], capture_output=True, text=True, check=False).stdout


def mutool(path: Path) -> str:
    """What MuPDF says of the signatures."""
    if shutil.which("mutool") is None:
        pytest.skip("mupdf-tools is not installed")
    return subprocess.run(
        ["mutool", "sign", "-v", str(path)], capture_output=True, text=True, check=False
    ).stdout


def qpdf_complains(path: Path) -> str:
    """What qpdf has against the syntax; empty where it has nothing."""
    if shutil.which("qpdf") is None:
        pytest.skip("qpdf is not installed")
    done = subprocess.run(
        ["qpdf", "--check", str(path)], capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


@dataclass(frozen=True, slots=True)
class Found:
    """A signature as PDFium finds it: what it covers and its value."""

    subfilter: str
    signed: bytes
    value: bytes


def signatures_in(content: bytes) -> list[Found]:
    """Every signature and document time stamp, found by PDFium."""
    document = pdfium.PdfDocument(content)
    found = []
    for number in range(raw.FPDF_GetSignatureCount(document)):
        signature = raw.FPDF_GetSignatureObject(document, number)
        count = raw.FPDFSignatureObj_GetByteRange(signature, None, 0)
        ranges = (raw.c_int * count)()
        raw.FPDFSignatureObj_GetByteRange(signature, ranges, count)
        size = raw.FPDFSignatureObj_GetContents(signature, None, 0)
        contents = raw.create_string_buffer(size)
        raw.FPDFSignatureObj_GetContents(signature, contents, size)
        length = raw.FPDFSignatureObj_GetSubFilter(signature, None, 0)
        name = raw.create_string_buffer(length)
        raw.FPDFSignatureObj_GetSubFilter(signature, name, length)
        signed = b"".join(
            content[ranges[n] : ranges[n] + ranges[n + 1]] for n in range(0, count, 2)
        )
        found.append(Found(name.value.decode(), signed, _der(contents.raw)))
    return found


def openssl_accepts_signature(found: Found, root_pem: bytes, folder: Path) -> bool:
    """openssl checks a signature over what it covers, and its chain to the root."""
    (folder / "signed").write_bytes(found.signed)
    (folder / "signature.der").write_bytes(found.value)
    (folder / "root.pem").write_bytes(root_pem)
    done = subprocess.run(
        [
            "openssl", "cms", "-verify", "-binary", "-inform", "DER",
            "-in", "signature.der", "-content", "signed", "-CAfile", "root.pem",
            "-purpose", "any", "-cades", "-out", "out",
        ],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode == 0


def openssl_accepts_stamp(found: Found, root_pem: bytes, folder: Path) -> bool:
    """openssl checks a document time stamp (RFC 3161) over what it covers."""
    (folder / "stamped").write_bytes(found.signed)
    (folder / "stamp.der").write_bytes(found.value)
    (folder / "stamp-root.pem").write_bytes(root_pem)
    done = subprocess.run(
        [
            "openssl", "ts", "-verify", "-data", "stamped", "-in", "stamp.der", "-token_in",
            "-CAfile", "stamp-root.pem",
        ],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode == 0


def openssl_accepts(content: bytes, root_pem: bytes, folder: Path) -> bool:
    """PDFium finds one signature and its bytes, openssl checks both and the chain to the root."""
    (found,) = signatures_in(content)
    return openssl_accepts_signature(found, root_pem, folder)


def _der(padded: bytes) -> bytes:
    """The DER object without the zeros behind it."""
    width = padded[1] & 0x7F
    return padded[: 2 + width + int.from_bytes(padded[2 : 2 + width])]
