"""The seal of this installation's organisation: by which key, at which level, set by whom."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from asn1crypto import pem  # type: ignore[import-untyped]
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from django.conf import settings
from pyhanko.sign.signers.pdf_cms import Signer

from dealwright.base.encrypted_text import decrypt_text
from dealwright.base.errors import Unavailable
from dealwright.base.people.organization import organization
from dealwright.signing.seals import keys
from dealwright.signing.seals.certificates import KeyKind
from dealwright.signing.seals.keys import SealKey, ensure_seal_key, load_imported_key
from dealwright.signing.seals.models import (
    ONE_ROW,
    RevokedCertificate,
    SealCertificate,
    SealProfile,
    SealSettings,
)
from dealwright.signing.seals.remote import Service, service_signer
from dealwright.signing.seals.sealing import LONG_TERM, HeldKey, Proof, as_asn1
from dealwright.signing.seals.timestamps import HttpTimeStamper
from dealwright.signing.seals.tokens import token_signer

SECRET = "seal.certificate"  # noqa: S105  names what a secret is for


@dataclass(frozen=True, slots=True)
class SealPlan:
    """How a document is sealed now."""

    key: SealKey | HeldKey
    profile: str
    timestamper: HttpTimeStamper | None
    proof: Proof | None

    @property
    def serial(self) -> str:
        return f"{self.key.certificate.serial_number:x}"


def seal_settings() -> SealSettings:
    """What is stored, unsaved defaults where nothing was stored yet."""
    return SealSettings.objects.select_related("key").filter(pk=ONE_ROW).first() or SealSettings()


def ensure_organisation_seal() -> SealKey:
    """The own seal key, made when it is first asked for and renewed in time; safe to repeat."""
    return ensure_seal_key(
        settings.DATA_DIR,
        organisation=organization().name,
        kind=KeyKind(seal_settings().own_key),
        list_url=list_url(),
    )


def list_url() -> str:
    """Where the own root's list of revoked certificates is for everybody."""
    return f"{settings.PUBLIC_URL}/signing/root.crl"


def revocation_list() -> bytes:
    """The own root's list of revoked certificates as of now (DER)."""
    ensure_organisation_seal()
    rows = RevokedCertificate.objects.values_list("serial", "revoked_at")
    return keys.revocation_list(
        settings.DATA_DIR,
        [(int(serial, 16), at.replace(microsecond=0)) for serial, at in rows],
    )


def plan_seal() -> SealPlan:
    """Key, level, time and proof of a seal that is made now.

    Raises Unavailable where what is asked cannot be had; never plans for less.
    """
    stored = seal_settings()
    key = key_of(stored.key) if stored.key else ensure_organisation_seal()
    if key.certificate.not_valid_after_utc <= datetime.now(UTC):
        raise Unavailable(
            f"The certificate of the seal expired on {key.certificate.not_valid_after_utc:%F}. "
            "An administrator can choose another key.",
            code="certificate_expired",
        )
    profile = asked_profile(stored)
    return SealPlan(
        key=key,
        profile=profile,
        timestamper=timestamper(stored) if profile != SealProfile.B_B else None,
        proof=proof_of(stored, key) if profile in LONG_TERM else None,
    )


def asked_profile(stored: SealSettings | None = None) -> str:
    """The level that is set: here, by DEALWRIGHT_SEAL_PROFILE, else what an authority allows."""
    stored = stored or seal_settings()
    given = stored.profile or settings.SEAL_PROFILE
    if given and given not in SealProfile.values:
        raise Unavailable(f"DEALWRIGHT_SEAL_PROFILE is none of {', '.join(SealProfile.values)}.")
    return given or (SealProfile.B_T.value if authorities(stored) else SealProfile.B_B.value)


def authorities(stored: SealSettings | None = None) -> list[str]:
    """The time-stamping authorities in order; DEALWRIGHT_TSA_URL goes before what is stored."""
    if settings.TSA_URL:
        return [settings.TSA_URL, *settings.TSA_FURTHER_URLS]
    return (stored or seal_settings()).tsa_urls.split()


def authority_roots(stored: SealSettings | None = None) -> list[asn1_x509.Certificate]:
    """The roots of the authorities; the file DEALWRIGHT_TSA_ROOTS goes before what is stored."""
    if settings.TSA_ROOTS:
        return read_certificates(Path(settings.TSA_ROOTS).read_bytes())
    return read_certificates((stored or seal_settings()).tsa_roots.encode())


def read_certificates(given: bytes) -> list[asn1_x509.Certificate]:
    """Certificates in PEM, none where nothing was given; raises ValueError for anything else."""
    if not given.strip():
        return []
    found = [
        asn1_x509.Certificate.load(der, strict=True)
        for _, _, der in pem.unarmor(given, multiple=True)
    ]
    for each in found:
        each.subject.human_friendly  # noqa: B018  parses; a broken one raises here
    return found


def timestamper(stored: SealSettings | None = None) -> HttpTimeStamper | None:
    """Asks the authorities that are set; None where there are none."""
    stored = stored or seal_settings()
    addresses = authorities(stored)
    return HttpTimeStamper(addresses, roots=authority_roots(stored)) if addresses else None


def proof_of(stored: SealSettings, key: SealKey | HeldKey) -> Proof:
    """What a seal of B-LT is checked against; raises Unavailable without roots of the time."""
    roots = authority_roots(stored)
    if not roots:
        raise Unavailable(
            "For levels B-LT and B-LTA the roots of the time-stamping authority must be set.",
            code="no_roots",
        )
    own = ensure_organisation_seal()
    return Proof(
        roots=(*(as_asn1(each) for each in {own.root, key.chain[-1]}), *roots),
        lists=(revocation_list(),),
        fetching=stored.fetches_revocations,
        private_hosts=tuple(stored.private_hosts.split()),
    )


def key_of(row: SealCertificate) -> SealKey | HeldKey:
    """The key of a row, ready to seal; raises Unavailable where it cannot be reached."""
    certificate = x509.load_pem_x509_certificate(row.certificate.encode())
    if row.kind == SealCertificate.Kind.IMPORTED:
        return load_imported_key(settings.DATA_DIR, f"{certificate.serial_number:x}")
    chain = tuple(x509.load_pem_x509_certificates(row.chain.encode()))
    hosts = tuple(seal_settings().private_hosts.split())
    secret = decrypt_text(row.secret, purpose=SECRET) if row.secret else ""
    return held_key(row.kind, row.place, secret, certificate, chain, hosts)


def held_key(
    kind: str,
    place: dict[str, Any],
    secret: str,
    certificate: x509.Certificate,
    chain: Sequence[x509.Certificate],
    hosts: tuple[str, ...],
) -> HeldKey:
    """A key in a token or at a service."""
    own, others = as_asn1(certificate), [as_asn1(each) for each in chain]

    def in_token(session: aiohttp.ClientSession) -> Signer:
        return token_signer(
            settings.PKCS11_MODULE,
            place["token"],
            secret,
            place["key"],
            certificate=own,
            chain=others,
        )

    def at_service(session: aiohttp.ClientSession) -> Signer:
        return service_signer(
            service_of(place, secret),
            session,
            certificate=own,
            chain=others,
            algorithms=place["algorithms"],
        )

    signer = in_token if kind == SealCertificate.Kind.TOKEN else at_service
    return HeldKey(certificate, tuple(chain), signer, hosts)


def service_of(place: dict[str, Any], secret: str) -> Service:
    """Where a key of a signing service is; the secret holds access token and PIN."""
    opened = json.loads(secret) if secret else {}
    return Service(
        url=place["url"],
        version=place["version"],
        credential=place["credential"],
        token=opened.get("token", ""),
        pin=opened.get("pin", ""),
    )


def authority_roots_pem() -> bytes:
    """The roots of trusted time, for the verifier."""
    return b"".join(pem.armor("CERTIFICATE", each.dump()) for each in authority_roots())


def root_pem() -> bytes:
    """The root of the own key."""
    return ensure_organisation_seal().root.public_bytes(serialization.Encoding.PEM)
