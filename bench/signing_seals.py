"""Seals per second on one core, beside bare pyHanko calls in the same run.

    PYTHONPATH=src:tests .venv/bin/python bench/signing_seals.py [--seconds 5]

Each pair alternates: our ``seal_pdf``, then pyHanko called directly with a key that is loaded
already, on the same document of four pages. The authority of B-LTA is certomancer on loopback in
the same process, so its work is in both figures. One process, CPU and wall clock.
"""

# ruff: noqa: E402  Django is set up before what needs it is imported
from __future__ import annotations

import argparse
import asyncio
import io
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dealwright.site.settings")
os.environ.setdefault("DEALWRIGHT_DATA_DIR", tempfile.mkdtemp(prefix="bench-seals-"))

import django

django.setup()

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.timestamps import HTTPTimeStamper
from pyhanko_certvalidator import ValidationContext

from dealwright.signing.documents.normalising import normalise_pdf
from dealwright.signing.seals.certificates import KeyKind
from dealwright.signing.seals.keys import SealKey, ensure_seal_key, revocation_list
from dealwright.signing.seals.sealing import CachedKeySigner, Proof, as_asn1, seal_pdf
from dealwright.signing.seals.services import read_certificates
from dealwright.signing.seals.timestamps import HttpTimeStamper
from dealwright.signing.verification.policy import verify_pdf
from signing.authorities import Authorities, authorities
from signing.make import make_pdf


def main() -> int:
    logging.getLogger("pyhanko").setLevel(logging.ERROR)  # untrusted chains, by the thousand
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5, help="for each figure")
    seconds = parser.parse_args().seconds
    folder = Path(tempfile.mkdtemp(prefix="bench-seals-"))
    document = normalise_pdf(make_pdf(pages=4)).pdf
    say("| Seal | ours, per s | pyHanko, per s | CPU of ours | CPU of pyHanko | ratio of CPU |")
    say("|---|---|---|---|---|---|")
    for kind in KeyKind:
        key = ensure_seal_key(folder, organisation="Bench", kind=kind)
        compare(
            f"B-B, {kind.value}",
            lambda key=key: seal_pdf(document, key=key, reason="Bench"),
            lambda key=key: bare(document, key),
            seconds,
        )
    key = ensure_seal_key(folder, organisation="Bench")
    (folder / "pki").mkdir()
    with authorities(folder / "pki") as pki:
        long_term(document, key, pki, folder, seconds)
    sealed = seal_pdf(document, key=key, reason="Bench")
    rate, _ = measure(lambda: verify_pdf(sealed, trust=key.root_pem), seconds)
    say(f"\nVerifications per second (all checks, 4 pages, in this process): {rate:.1f}")
    return 0


def long_term(
    document: bytes, key: SealKey, pki: Authorities, folder: Path, seconds: float
) -> None:
    """B-LTA: the same authority and the same list of revoked certificates for both."""
    roots = read_certificates(pki.root_pem)
    proof = Proof(
        roots=(as_asn1(key.root), *roots),
        lists=(revocation_list(folder, []),),
        private_hosts=("127.0.0.1",),
    )
    compare(
        "B-LTA, p256",
        lambda: seal_pdf(
            document,
            key=key,
            reason="Bench",
            profile="B-LTA",
            timestamper=HttpTimeStamper([pki.tsa], roots=roots),
            proof=proof,
        ),
        lambda: bare(document, key, tsa=pki.tsa, proof=proof),
        seconds,
    )


def bare(document: bytes, key: SealKey, *, tsa: str = "", proof: Proof | None = None) -> bytes:
    """What pyHanko's documentation shows, with the key in memory."""
    context = None
    if proof is not None:
        context = ValidationContext(
            trust_roots=list(proof.roots), crls=list(proof.lists), allow_fetching=True,
            revocation_mode="require",
        )  # fmt: skip
    writer = IncrementalPdfFileWriter(io.BytesIO(document))
    metadata = PdfSignatureMetadata(
        field_name="Seal", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES, certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES, reason="Bench", validation_context=context,
        embed_validation_info=context is not None, use_pades_lta=context is not None,
        signer_key_usage=set(),
    )  # fmt: skip
    signer = PdfSigner(
        metadata,
        signer=CachedKeySigner(key),
        timestamper=HTTPTimeStamper(tsa) if tsa else None,
        new_field_spec=SigFieldSpec("Seal"),
    )
    out = io.BytesIO()
    asyncio.run(signer.async_sign_pdf(writer, output=out, bytes_reserved=None if tsa else 12_288))
    return out.getvalue()


def compare(
    name: str, ours: Callable[[], object], theirs: Callable[[], object], seconds: float
) -> None:
    """Alternate in slices, so that what else the machine does touches both."""
    ours(), theirs()
    spent = {0: 0.0, 1: 0.0}
    count = {0: 0, 1: 0}
    cpu = {0: 0.0, 1: 0.0}
    while min(spent.values()) < seconds:
        for number, call in enumerate((ours, theirs)):
            started, before = time.perf_counter(), time.process_time()
            for _ in range(5):
                call()
            spent[number] += time.perf_counter() - started
            cpu[number] += time.process_time() - before
            count[number] += 5
    mine, bare_cpu = (1_000 * cpu[number] / count[number] for number in (0, 1))
    say(
        f"| {name} | {count[0] / spent[0]:.1f} | {count[1] / spent[1]:.1f} | {mine:.1f} ms | "
        f"{bare_cpu:.1f} ms | {bare_cpu / mine:.2f} |"
    )


def measure(call: Callable[[], object], seconds: float) -> tuple[float, int]:
    call()
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        call()
        count += 1
    return count / (time.perf_counter() - started), count


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
