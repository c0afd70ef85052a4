"""The evidence package of an envelope: all that shows what happened, checked without this product.

One ZIP that is written as it is sent: documents go through in pieces, so that its size does not
matter. ``manifest.json`` comes last, with the SHA-256 of every member, and a detached CMS
signature over it by the organisation's seal. ``verify.py`` beside it checks all of it with
Python's standard library and openssl alone.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from asn1crypto import cms, x509  # type: ignore[import-untyped]
from asn1crypto import pem as armour
from cryptography.hazmat.primitives import serialization
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import get_visible
from dealwright.base.errors import Conflict
from dealwright.base.evidence.anchors import anchor_chains, prove_consistency, prove_inclusion
from dealwright.base.evidence.canonical import canonical_json, utc_text
from dealwright.base.evidence.models import (
    EvidenceAnchor,
    EvidenceChain,
    EvidenceEntry,
    EvidenceLeaf,
)
from dealwright.base.files.models import StoredFile
from dealwright.base.files.services import iterate_file
from dealwright.base.loops import complete
from dealwright.base.people.organization import organization
from dealwright.signing.ceremonies.models import AdoptedSignature
from dealwright.signing.consent.models import ConsentText
from dealwright.signing.envelopes.models import Envelope, Recipient
from dealwright.signing.evidence.models import EvidenceDetail
from dealwright.signing.evidence.services import record_evidence
from dealwright.signing.evidence.stand_alone import verifier_in_one_file
from dealwright.signing.payments.models import Payment
from dealwright.signing.seals.keys import SealKey
from dealwright.signing.seals.sealing import CachedKeySigner
from dealwright.signing.seals.services import ensure_organisation_seal

FORMAT = "dealwright-evidence/1"
_HERE = Path(__file__).parent
_SMALL = 64 * 1024  # bytes that are gathered before they are sent on


@dataclass(slots=True)
class Package:
    """What goes into a package: small members as bytes, documents as the files they are."""

    envelope: Envelope
    key: SealKey
    made_at: datetime
    small: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, StoredFile] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"envelope-{self.envelope.pk}.evidence.zip"


def prepare_package(actor: Actor, envelope_id: Any) -> Package:
    """Gather the evidence of an envelope that has ended; ``stream_package`` writes it.

    That it was taken is itself an entry of the log, and the log is anchored up to that entry.
    Raises NotFound, and Conflict where the envelope has not ended yet.
    """
    with change(actor):
        envelope: Envelope = get_visible(actor, "envelope", envelope_id)
        if not envelope.has_ended:
            raise Conflict(
                "The evidence package is made when the envelope has ended.", code="not_ended"
            )
        record_evidence(envelope, "evidence.downloaded", actor=actor)
        anchor_chains()
    package = Package(envelope, ensure_organisation_seal(), timezone.now())
    _add_texts(package)
    _add_log(package)
    _add_anchors(package)
    _add_recipients(package)
    _add_documents(package)
    return package


def stream_package(package: Package) -> Iterator[bytes]:
    """The ZIP in pieces. A damaged document ends it in an error, never in a sound-looking file."""
    sink = _Sink()
    members = []
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in package.small.items():
            archive.writestr(_info(package, name), content)
            members.append(_member(name, len(content), hashlib.sha256(content).hexdigest()))
            yield from sink.taken()
        for name, stored in package.files.items():
            digest, size = hashlib.sha256(), 0
            with archive.open(_info(package, name, zipfile.ZIP_STORED), "w") as out:
                for piece in iterate_file(stored):
                    digest.update(piece)
                    size += len(piece)
                    out.write(piece)
                    yield from sink.taken()
            members.append(_member(name, size, digest.hexdigest()))
        manifest = _manifest(package, members)
        archive.writestr(_info(package, "manifest.json"), manifest)
        archive.writestr(_info(package, "manifest.p7s"), sign_detached(package.key, manifest))
    yield from sink.taken(whole=True)


def sign_detached(key: SealKey, content: bytes) -> bytes:
    """A detached CMS signature (RFC 5652) in DER by the seal key, with its certificates."""
    signer = CachedKeySigner(key)
    signature = complete(
        signer.async_sign_general_data(content, "sha256", detached=True, use_cades=False)
    )
    return bytes(signature.dump())


class _Sink(io.RawIOBase):
    """Where a ZIP is written to that is sent on while it is written."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._parts.append(bytes(piece))
        self._size += len(piece)
        return len(piece)

    def taken(self, *, whole: bool = False) -> Iterator[bytes]:
        """What was written since, once it is worth sending."""
        if self._parts and (whole or self._size >= _SMALL):
            parts, self._parts, self._size = self._parts, [], 0
            yield b"".join(parts)


def _add_texts(package: Package) -> None:
    package.small["README.txt"] = (_HERE / "README.txt").read_bytes()
    package.small["verify.py"] = verifier_in_one_file()
    pem = serialization.Encoding.PEM
    package.small["trust/root.pem"] = package.key.root.public_bytes(pem)
    package.small["trust/chain.pem"] = b"".join(
        each.public_bytes(pem) for each in _chain_of(package.key)
    )


def _chain_of(key: SealKey) -> Sequence[Any]:
    return [key.certificate, *getattr(key, "intermediates", ())]


def _add_log(package: Package) -> None:
    """The chain, line by line, with the personal details beside it as they were committed to."""
    envelope = package.envelope
    kept = {row.seq: row for row in EvidenceDetail.objects.filter(envelope=envelope)}
    lines = []
    for entry in EvidenceEntry.objects.filter(chain_id=envelope.chain).order_by("seq"):
        line: dict[str, Any] = {
            "canonical": entry.canonical,
            "prev_hash": entry.prev_hash,
            "hash": entry.hash,
        }
        row = kept.get(entry.seq)
        if "details_sha256" in entry.payload and row is not None and row.salt:
            line |= {"salt": row.salt, "details": canonical_json(row.details)}
        lines.append(orjson.dumps(line) + b"\n")
    package.small["events.jsonl"] = b"".join(lines)
    head = EvidenceChain.objects.get(key=envelope.chain)
    package.small["chain.json"] = _json(
        {"key": head.key, "length": len(lines), "head": entry.hash if lines else ""}
    )


def _add_anchors(package: Package) -> None:
    """The newest anchor, and those that an authority stamped: the first and the last one."""
    chain = package.envelope.chain
    leaves = EvidenceLeaf.objects.filter(chain_key=chain).order_by("seq")
    newest = EvidenceAnchor.objects.order_by("-size").first()
    end = (
        EvidenceEntry.objects.filter(
            chain_id=chain,
            kind__in=[f"envelope.{end}" for end in ("sealed", "declined", "voided", "expired")],
        )
        .order_by("seq")
        .first()
    )
    over_end = leaves.filter(seq__gte=end.seq if end else 0).first()
    if newest is None or over_end is None:
        return
    stamped = EvidenceAnchor.objects.filter(
        timestamps__isnull=False, size__gt=over_end.index
    ).order_by("size")
    chosen = {each.pk: each for each in (stamped.first(), stamped.last(), newest) if each}
    for number, anchor in enumerate(sorted(chosen.values(), key=lambda each: each.size), start=1):
        _add_anchor(package, number, anchor, newest)


def _add_anchor(
    package: Package, number: int, anchor: EvidenceAnchor, newest: EvidenceAnchor
) -> None:
    proof = prove_inclusion(package.envelope.chain, anchor)
    stamps = []
    for at, stamp in enumerate(anchor.timestamps.order_by("at"), start=1):
        token = bytes(stamp.token)
        package.small[f"anchors/{number}/token-{at}.tsr"] = token
        package.small[f"anchors/{number}/token-{at}.certificates.pem"] = _certificates_of(token)
        stamps.append(
            {
                "file": f"token-{at}.tsr",
                "authority": stamp.authority,
                "at": utc_text(stamp.at),
                "serial": stamp.serial,
            }
        )
    is_newest = anchor.size == newest.size
    package.small[f"anchors/{number}/anchor.json"] = _json(
        {
            "size": anchor.size,
            "root": anchor.root,
            "made_at": utc_text(anchor.created_at),
            "inclusion": {"data": proof.data, "index": proof.index, "path": list(proof.path)},
            "consistency": [] if is_newest else prove_consistency(anchor, newest),
            "timestamps": stamps,
        }
    )


def _certificates_of(token: bytes) -> bytes:
    """The certificates that an RFC 3161 token brings along, in PEM."""
    held = cms.ContentInfo.load(token)["content"]["certificates"]
    found = [each.chosen for each in held or [] if isinstance(each.chosen, x509.Certificate)]
    return b"".join(armour.armor("CERTIFICATE", each.dump()) for each in found)


def _add_recipients(package: Package) -> None:
    """What each recipient left: the drawn or typed signature, the values, the text agreed to.

    Signature and values in the very bytes whose SHA-256 stands in the log.
    """
    consents: dict[Any, ConsentText] = {}
    for recipient in package.envelope.recipients.select_related("consent"):
        folder = f"recipients/{recipient.pk}"
        package.small[f"{folder}/recipient.json"] = _json(_about(recipient))
        if package.envelope.purged_at is None:
            for adopted in recipient.adopted.all():
                package.small[f"{folder}/{adopted.kind}.json"] = adopted_bytes(adopted)
            if recipient.signed_at:
                package.small[f"{folder}/fields.json"] = fields_bytes(recipient)
            if payments := [_paid(each) for each in recipient.payments.all()]:
                package.small[f"{folder}/payments.json"] = _json(payments)
            for field in recipient.fields.exclude(file=None).select_related("file"):
                if field.file is not None:
                    package.files[f"{folder}/files/{field.pk}/{field.file.name}"] = field.file
        if recipient.consent:
            consents[recipient.consent_id] = recipient.consent
    for text in consents.values():
        name = f"consents/{text.language}-{text.version}.txt"
        package.small[name] = f"{text.title}\n{text.body}".encode()


def adopted_bytes(adopted: AdoptedSignature) -> bytes:
    """The bytes that ``recipient.adopted`` holds the SHA-256 of."""
    return adopted.as_bytes


def fields_bytes(recipient: Recipient) -> bytes:
    """The bytes that the entry of signing holds the SHA-256 of."""
    return orjson.dumps([[str(each.pk), each.kind, each.value] for each in recipient.fields.all()])


def _paid(payment: Payment) -> dict[str, Any]:
    """A payment with the provider's ids, by which it is found there."""
    moments = ("created_at", "submitted_at", "paid_at", "failed_at", "expired_at", "refunded_at")
    return {
        "id": str(payment.pk),
        "field": str(payment.field_id) if payment.field_id else "",
        "title": payment.title,
        "amount": f"{payment.money.amount:f}",
        "currency": payment.currency,
        "provider": payment.provider,
        "test": payment.is_test,
        "session": payment.session,
        "reference": payment.reference,
        "state": payment.state,
        "counts": payment.counts,
        "problem": payment.problem,
        **{key: utc_text(at) for key in moments if (at := getattr(payment, key))},
    }


def _about(recipient: Recipient) -> Mapping[str, Any]:
    moments = ("sent_at", "opened_at", "consented_at", "verified_at", "signed_at", "declined_at")
    return {
        "id": str(recipient.pk),
        "label": recipient.label,
        "name": recipient.name,
        "email": recipient.email,
        "role": recipient.role,
        "order": recipient.order,
        "identity_methods": recipient.identity_methods,
        "status": recipient.status,
        **{key: utc_text(at) for key in moments if (at := getattr(recipient, key))},
    }


def _add_documents(package: Package) -> None:
    envelope = package.envelope
    about = []
    for document in envelope.documents.all():
        place = f"documents/{document.position}"
        about.append({"position": document.position, "name": document.name})
        if envelope.purged_at is not None:
            continue
        for form in ("original", "prepared", "sealed"):
            if stored := getattr(document, form):
                package.files[f"{place}/{form}.pdf"] = stored
    if envelope.certificate is not None and envelope.purged_at is None:
        package.files["certificate-of-completion.pdf"] = envelope.certificate
    package.small["envelope.json"] = _json(
        {
            "id": str(envelope.pk),
            "title": envelope.title,
            "status": envelope.status,
            "seal_profile": envelope.seal_profile,
            "documents": about,
        }
    )


def _manifest(package: Package, members: Sequence[Mapping[str, Any]]) -> bytes:
    return _json(
        {
            "format": FORMAT,
            "envelope": str(package.envelope.pk),
            "organisation": organization().name,
            "made_at": utc_text(package.made_at),
            "members": list(members),
        }
    )


def _member(name: str, size: int, sha256: str) -> dict[str, Any]:
    return {"name": name, "size": size, "sha256": sha256}


def _info(package: Package, name: str, how: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, package.made_at.timetuple()[:6])
    info.compress_type = how
    info.external_attr = (0o755 if name == "verify.py" else 0o644) << 16
    return info


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=True).encode() + b"\n"
