"""Reading a seal key from a PKCS#12 file, with a sentence of its own for all that can be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from asn1crypto import pkcs12 as asn1_pkcs12  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import AuthorityInformationAccessOID

from dealwright.base.errors import Invalid
from dealwright.signing.seals.certificates import PrivateKey

LARGEST = 1_000_000
LEAST_RSA = 2048
CURVES = ("secp256r1", "secp384r1", "secp521r1")
_WEAK_DIGESTS = ("md5", "sha1")
# What OpenSSL reads: PBES2, the schemes of PKCS#12, those of PKCS#5 v1.5.
_READABLE = {
    "1.2.840.113549.1.5.13",
    *(f"1.2.840.113549.1.12.1.{number}" for number in range(1, 7)),
    *(f"1.2.840.113549.1.5.{number}" for number in (1, 3, 4, 6, 10, 11)),
}


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A key fit to seal with, its certificate and the chain up to a self-signed root."""

    certificate: x509.Certificate
    key: PrivateKey
    chain: tuple[x509.Certificate, ...]


def read_pkcs12(content: bytes, password: str) -> FoundKey:
    """The key of a PKCS#12 file (RFC 7292).

    Raises Invalid with one of these codes: ``no_pkcs12``, ``wrong_password``, ``old_algorithm``,
    ``no_private_key``, ``chain_incomplete``, ``wrong_usage``, ``expired``, ``not_yet_valid``,
    ``too_weak``.
    """
    if len(content) > LARGEST:
        raise _refused("no_pkcs12", "The file is too large to be a key.")
    algorithm = _encryption(content)
    try:
        opened = pkcs12.load_pkcs12(content, password.encode() if password else None)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _unopened(error, algorithm) from None
    if opened.key is None:
        raise _refused(
            "no_private_key",
            "The file holds certificates but no private key. Export it once more together with "
            "the private key.",
        )
    if opened.cert is None:
        raise _refused("no_private_key", "The file holds no certificate that fits its key.")
    certificate = opened.cert.certificate
    if not isinstance(opened.key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise _refused("too_weak", "Keys for seals are RSA or of the curves P-256, P-384, P-521.")
    chain = complete_chain(certificate, [each.certificate for each in opened.additional_certs])
    check_certificate(certificate)
    return FoundKey(certificate, opened.key, chain)


def complete_chain(
    certificate: x509.Certificate, others: Sequence[x509.Certificate]
) -> tuple[x509.Certificate, ...]:
    """Who issued whom, up to a self-signed root; raises Invalid where one is missing."""
    chain: list[x509.Certificate] = []
    last = certificate
    while not _issued_by(last, last):
        issuer = next((each for each in others if _issued_by(last, each)), None)
        if issuer is None or issuer in chain:
            raise _refused(
                "chain_incomplete",
                f"The certificate of “{last.issuer.rfc4514_string()}” is missing. The file must "
                "hold every certificate up to the root; export it with the whole chain.",
            )
        chain.append(issuer)
        last = issuer
    return tuple(chain) or (certificate,)


def check_certificate(certificate: x509.Certificate) -> None:
    """Raises Invalid where a certificate cannot serve a seal today."""
    now = datetime.now(UTC)
    if certificate.not_valid_after_utc <= now:
        raise _refused(
            "expired", f"The certificate expired on {certificate.not_valid_after_utc:%Y-%m-%d}."
        )
    if certificate.not_valid_before_utc > now:
        raise _refused(
            "not_yet_valid",
            f"The certificate is valid from {certificate.not_valid_before_utc:%Y-%m-%d} only.",
        )
    _check_usage(certificate)
    _check_strength(certificate)


def asks_only_ldap(certificate: x509.Certificate) -> bool:
    """Whether revocations of a certificate are told at an LDAP address and nowhere else."""
    addresses = revocation_addresses(certificate)
    return bool(addresses) and not any(each.startswith(("http:", "https:")) for each in addresses)


def revocation_addresses(certificate: x509.Certificate) -> list[str]:
    """Where a certificate says that its revocation can be asked for."""
    found: list[str] = []
    for extension in certificate.extensions:
        value = extension.value
        if isinstance(value, x509.CRLDistributionPoints):
            found += [str(name.value) for each in value for name in each.full_name or ()]
        elif isinstance(value, x509.AuthorityInformationAccess):
            found += [
                str(each.access_location.value)
                for each in value
                if each.access_method == AuthorityInformationAccessOID.OCSP
            ]
    return [each.lower() for each in found]


def _check_usage(certificate: x509.Certificate) -> None:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not (usage.digital_signature or usage.content_commitment):
        raise _refused(
            "wrong_usage",
            "The certificate was not issued for signing: its key usage holds neither digital "
            "signature nor non-repudiation.",
        )
    try:
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return
    if basic.ca:
        raise _refused(
            "wrong_usage", "The certificate belongs to an authority that issues certificates."
        )


def _check_strength(certificate: x509.Certificate) -> None:
    public = certificate.public_key()
    if isinstance(public, rsa.RSAPublicKey) and public.key_size < LEAST_RSA:
        raise _refused(
            "too_weak",
            f"The key is too weak: RSA with {public.key_size} bits, at least {LEAST_RSA} are "
            "needed.",
        )
    if isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name not in CURVES:
        raise _refused("too_weak", f"The curve {public.curve.name} is not used for seals.")
    digest = certificate.signature_hash_algorithm
    if digest is not None and digest.name in _WEAK_DIGESTS:
        raise _refused(
            "too_weak", f"The certificate is signed with {digest.name.upper()}, which is broken."
        )


def _issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _encryption(content: bytes) -> str:
    """The dotted name of the first encryption in the file that cannot be read, or nothing."""
    try:
        safes = asn1_pkcs12.Pfx.load(content, strict=True).authenticated_safe
        for each in safes:
            if each["content_type"].native == "encrypted_data":
                info = each["content"]["encrypted_content_info"]
                dotted = str(info["content_encryption_algorithm"]["algorithm"].dotted)
                if dotted not in _READABLE:
                    return dotted
    except (ValueError, TypeError, KeyError):
        pass
    return ""


def _unopened(error: Exception, algorithm: str) -> Invalid:
    text = str(error).lower()
    if algorithm or isinstance(error, UnsupportedAlgorithm) or "unsupported" in text:
        return _refused(
            "old_algorithm",
            "The file is encrypted in a way that cannot be read here (an old one such as RC2-40, "
            "or one that is unknown). Export it anew with AES, for example with `openssl pkcs12 "
            "-in OLD.p12 -legacy -out key.pem` and `openssl pkcs12 -export -in key.pem -out "
            "NEW.p12`.",
        )
    if "password" in text or "mac" in text:
        return _refused("wrong_password", "The password does not open the file.")
    return _refused("no_pkcs12", "The file is no PKCS#12 file (.p12, .pfx), or it is damaged.")


def _refused(code: str, sentence: str) -> Invalid:
    return Invalid(sentence, code=code, fields={"file": [sentence]})


def pem_of(certificates: Sequence[x509.Certificate]) -> str:
    """Certificates one after the other, as text."""
    pem = serialization.Encoding.PEM
    return "".join(each.public_bytes(pem).decode() for each in certificates)
