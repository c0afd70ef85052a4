"""Validators that share no code with ours: pdfsig (poppler), and PDFium with openssl."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as raw
import pytest


def pdfsig(path: Path) -> str:
    """What poppler says of the signatures."""
    if shutil.which("pdfsig") is None:
        pytest.skip("poppler-utils is not installed")
    return subprocess.run(["pdfsig", str(path)], capture_output=True, text=True, check=False).stdout


def openssl_accepts(content: bytes, root_pem: bytes, folder: Path) -> bool:
    """PDFium finds signature and signed bytes, openssl checks both and the chain to the root."""
    document = pdfium.PdfDocument(content)
    assert raw.FPDF_GetSignatureCount(document) == 1
    signature = raw.FPDF_GetSignatureObject(document, 0)
    count = raw.FPDFSignatureObj_GetByteRange(signature, None, 0)
    ranges = (raw.c_int * count)()
    raw.FPDFSignatureObj_GetByteRange(signature, ranges, count)
    size = raw.FPDFSignatureObj_GetContents(signature, None, 0)
    contents = raw.create_string_buffer(size)
    raw.FPDFSignatureObj_GetContents(signature, contents, size)
    signed = b"".join(content[ranges[n] : ranges[n] + ranges[n + 1]] for n in range(0, count, 2))
    (folder / "signed").write_bytes(signed)
    (folder / "signature.der").write_bytes(_der(contents.raw))
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


def _der(padded: bytes) -> bytes:
    """The DER object without the zeros behind it."""
    width = padded[1] & 0x7F
    return padded[: 2 + width + int.from_bytes(padded[2 : 2 + width])]
