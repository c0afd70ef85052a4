"""The organisation's seal on a finished PDF: PAdES by ETSI EN 319 142-1, made by pyHanko.

The seal allows no changes (ISO 32000-2, 12.8.2.2 and 12.8.2.4): only archive updates may follow.
Alone in the file it certifies it (DocMDP). After signatures of persons it cannot, since a
certifying signature must be the first; then its field locks the document with the same effect.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import lru_cache

import aiohttp
from asn1crypto import x509 as asn1_x509  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.fields import (
    FieldMDPAction,
    FieldMDPSpec,
    MDPPerm,
    SigFieldSpec,
    SigSeedSubFilter,
    append_signature_field,
)
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.pdf_byterange import BuildProps
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko.sign.signers.pdf_signer import DSSContentSettings, TimestampDSSContentSettings
from pyhanko.sign.timestamps import TimeStamper, TimestampRequestError
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import RevokedError
from pyhanko_certvalidator.fetchers.aiohttp_fetchers import AIOHttpFetcherBackend
from pyhanko_certvalidator.registry import SimpleCertificateStore

from dealwright.base.errors import Unavailable
from dealwright.base.loops import complete
from dealwright.signing.seals.importing import asks_only_ldap
from dealwright.signing.seals.keys import SealKey, name_in
from dealwright.signing.seals.network import guarded_session
from dealwright.signing.verification.updates import MAKER

FIELD = "Seal"
LONG_TERM = ("B-LT", "B-LTA")
# All proof before the document time stamp, so that the stamp covers it. For the stamp itself that
# leaves out the entry by signature (VRI), which PAdES no longer asks for (EN 319 142-1, 5.4.2.3).
_WHERE_PROOF_GOES = DSSContentSettings(
    next_ts_settings=TimestampDSSContentSettings(include_vri=False, update_before_ts=True)
)
# Hex digits kept free for a signature beside its certificates. Given, so that pyHanko need not
# sign twice to learn the size (a third of the time); a token brings its authority's chain.
RESERVED = 8_192
RESERVED_FOR_TIME = 24_576


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key that others hold (a token, a signing service): ``signer`` makes what signs with it."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    signer: Callable[[aiohttp.ClientSession], Signer]
    private_hosts: tuple[str, ...] = ()

    @property
    def organisation(self) -> str:
        return name_in(self.certificate)


@dataclass(frozen=True, slots=True)
class Proof:
    """What certificates are checked against for B-LT and B-LTA.

    ``lists`` are lists of revoked certificates (DER) at hand; others are fetched from where
    certificates say, if ``fetching``, in the own network only from ``private_hosts``.
    """

    roots: tuple[asn1_x509.Certificate, ...]
    lists: tuple[bytes, ...] = ()
    fetching: bool = True
    private_hosts: tuple[str, ...] = ()

    def context(self, session: aiohttp.ClientSession) -> ValidationContext:
        """Every certificate below a root must be shown not to be revoked."""
        fetchers = AIOHttpFetcherBackend(session).get_fetchers() if self.fetching else None
        return ValidationContext(
            trust_roots=list(self.roots),
            crls=list(self.lists),
            allow_fetching=self.fetching,
            fetchers=fetchers,
            revocation_mode="require",
        )


@dataclass(frozen=True, slots=True)
class PersonalSignature:
    """A signature that goes before the seal, by a key made for one person."""

    key: SealKey
    name: str
    reason: str


class CachedKeySigner(Signer):
    """Signs with a key that is loaded already; pyHanko's own loads it anew for each operation."""

    def __init__(self, key: SealKey) -> None:
        registry = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        registry.register_multiple([as_asn1(each) for each in key.chain])
        super().__init__(signing_cert=as_asn1(key.certificate), cert_registry=registry)
        self._key = key.private_key

    async def async_sign_raw(
        self, data: bytes, digest_algorithm: str, dry_run: bool = False
    ) -> bytes:
        if digest_algorithm.lower() != "sha256":
            raise ValueError(f"The seal signs SHA-256 digests, not {digest_algorithm}.")
        if isinstance(self._key, ec.EllipticCurvePrivateKey):
            return self._key.sign(data, ec.ECDSA(hashes.SHA256()))
        return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def seal_pdf(
    pdf: bytes,
    *,
    key: SealKey | HeldKey,
    reason: str,
    location: str = "",
    contact: str = "",
    timestamper: TimeStamper | None = None,
    profile: str = "",
    proof: Proof | None = None,
    signatures: Sequence[PersonalSignature] = (),
) -> bytes:
    """The sealed PDF: the given bytes and incremental updates with ``signatures`` and the seal.

    ``profile`` is B-B, B-T, B-LT or B-LTA; empty, it is B-T with a ``timestamper`` and B-B
    without. Raises dealwright's Unavailable where exactly this level cannot be had now (an
    authority does not answer, a certificate was revoked, a token is not there); nothing was
    changed then and the call may be repeated.
    """
    profile = profile or ("B-T" if timestamper else "B-B")
    if profile != "B-B" and timestamper is None:
        raise Unavailable(
            f"A seal of level {profile} needs a time-stamping authority, and none is set.",
            code="no_timestamp",
        )
    if profile in LONG_TERM and proof is None:
        raise Unavailable(
            f"A seal of level {profile} needs the roots of the time-stamping authority.",
            code="no_roots",
        )
    making = _Making(
        key=key,
        timestamper=timestamper if profile != "B-B" else None,
        profile=profile,
        proof=proof,
        metadata={
            "reason": reason,
            "location": location or None,
            "contact_info": contact or None,
        },
    )
    try:
        return complete(making.make(pdf, signatures))
    except TimestampRequestError as error:
        raise Unavailable(
            f"The timestamp authority gave no usable token: {error}.", code="no_timestamp"
        ) from error
    except SigningError as error:
        raise _unavailable(error) from error


@dataclass(frozen=True, slots=True)
class _Making:
    """One document on its way: signatures of persons, then the seal."""

    key: SealKey | HeldKey
    timestamper: TimeStamper | None
    profile: str
    proof: Proof | None
    metadata: dict[str, str | None]

    async def make(self, pdf: bytes, signatures: Sequence[PersonalSignature]) -> bytes:
        fields = [f"Signature {number}" for number in range(1, len(signatures) + 1)]
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=True)
        # All fields before the first signature: one added later makes earlier ones invalid.
        for at, name in enumerate(fields, start=1):
            append_signature_field(writer, _personal_field(name, locks=fields[:at]))
        append_signature_field(writer, _seal_field(locks=bool(signatures)))
        for name, signature in zip(fields, signatures, strict=True):
            signed = await self._sign_for(writer, name, signature)
            writer = IncrementalPdfFileWriter(signed, strict=True)
        return await self._seal(writer, certifies=not signatures)

    async def _sign_for(
        self, writer: IncrementalPdfFileWriter, field: str, signature: PersonalSignature
    ) -> io.BytesIO:
        out = io.BytesIO()
        signer = PdfSigner(
            PdfSignatureMetadata(
                field_name=field,
                md_algorithm="sha256",
                subfilter=SigSeedSubFilter.PADES,
                name=signature.name,
                reason=signature.reason,
            ),
            signer=CachedKeySigner(signature.key),
            timestamper=self.timestamper,
        )
        reserved = _reserved(signature.key, time=self.timestamper is not None)
        await signer.async_sign_pdf(writer, output=out, bytes_reserved=reserved)
        return out

    async def _seal(self, writer: IncrementalPdfFileWriter, *, certifies: bool) -> bytes:
        long_term = self.profile in LONG_TERM
        out = io.BytesIO()
        async with AsyncExitStack() as stack:
            context, session = None, None
            if long_term and self.proof is not None:
                _refuse_ldap(self.key)
                session = await stack.enter_async_context(guarded_session(self.proof.private_hosts))
                context = self.proof.context(session)
            if isinstance(self.key, HeldKey):
                service = await stack.enter_async_context(guarded_session(self.key.private_hosts))
                signer: Signer = self.key.signer(service)
            else:
                signer = _signer(self.key)
            metadata = PdfSignatureMetadata(
                field_name=FIELD,
                md_algorithm="sha256",
                subfilter=SigSeedSubFilter.PADES,
                certify=certifies,
                docmdp_permissions=MDPPerm.NO_CHANGES,
                name=self.key.organisation,
                # Signed with the rest, so that proof which is cut off later is missed.
                app_build_props=BuildProps(name=MAKER, revision=self.profile),
                embed_validation_info=long_term,
                use_pades_lta=self.profile == "B-LTA",
                dss_settings=_WHERE_PROOF_GOES,
                validation_context=context,
                signer_key_usage=set(),
                **self.metadata,  # type: ignore[arg-type]
            )
            # With proof to embed, the size is known only when all of it was gathered.
            reserved = None if long_term else _reserved(self.key, time=self.timestamper is not None)
            await PdfSigner(metadata, signer=signer, timestamper=self.timestamper).async_sign_pdf(
                writer, output=out, bytes_reserved=reserved
            )
        return out.getvalue()


def as_asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    """A certificate as pyHanko takes it."""
    read = asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))
    assert isinstance(read, asn1_x509.Certificate)
    return read


def _personal_field(name: str, *, locks: list[str]) -> SigFieldSpec:
    """A place for a person's signature that locks itself and those before it (FieldMDP)."""
    lock = FieldMDPSpec(FieldMDPAction.INCLUDE, fields=locks)
    return SigFieldSpec(sig_field_name=name, field_mdp_spec=lock)


def _seal_field(*, locks: bool) -> SigFieldSpec:
    if not locks:
        return SigFieldSpec(sig_field_name=FIELD)
    return SigFieldSpec(
        sig_field_name=FIELD,
        field_mdp_spec=FieldMDPSpec(FieldMDPAction.ALL),
        doc_mdp_update_value=MDPPerm.NO_CHANGES,
    )


def _reserved(key: SealKey | HeldKey, *, time: bool) -> int:
    certificates = (key.certificate, *key.chain)
    der = serialization.Encoding.DER
    size = RESERVED + 2 * sum(len(each.public_bytes(der)) for each in certificates)
    return size + (RESERVED_FOR_TIME if time else 0)


def _refuse_ldap(key: SealKey | HeldKey) -> None:
    for each in (key.certificate, *key.chain[:-1]):
        if asks_only_ldap(each):
            raise Unavailable(
                f"The certificate “{name_in(each)}” tells its revocation at an LDAP address only, "
                "which is not supported. Use a certificate with OCSP or with a list over HTTP, "
                "or seal at level B-T.",
                code="ldap_only",
            )


def _unavailable(error: SigningError) -> Unavailable:
    """What went wrong in the end, in one sentence."""
    last: BaseException = error
    while (inner := last.__cause__) is not None:
        if isinstance(inner, Unavailable):
            return inner
        last = inner
        if isinstance(inner, RevokedError):
            break
    causes = [str(error).rstrip("."), str(last).rstrip(".")]
    text = ": ".join(dict.fromkeys(each for each in causes if each))
    return Unavailable(f"{text}.", code="revoked" if isinstance(last, RevokedError) else "no_proof")


@lru_cache(maxsize=16)
def _signer(key: SealKey) -> CachedKeySigner:
    return CachedKeySigner(key)
