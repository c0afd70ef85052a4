"""The certificates behind the organisation's seal: an own root, what it issues and what it revokes.

X.509 by RFC 5280. The seal certificate carries the document signing purpose of RFC 9336. The
root is trusted by nobody until someone chooses to: what such a seal proves is that the document
is unchanged since the holder of the key sealed it, no more.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID, ObjectIdentifier

ROOT_LIFE = timedelta(days=365 * 20)
SEAL_LIFE = timedelta(days=365 * 5)
SIGNER_LIFE = timedelta(hours=1)
LIST_LIFE = timedelta(days=7)  # of a list of revoked certificates
DOCUMENT_SIGNING = ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # RFC 9336
# A UUID as an object identifier (ITU-T X.667): the policy of a signer's certificate.
SIGNER_POLICY = ObjectIdentifier("2.25.217632953316847392845510223987150024781")

type PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class KeyKind(StrEnum):
    """What a new seal key is."""

    P256 = "p256"
    RSA3072 = "rsa3072"


def make_key(kind: KeyKind = KeyKind.P256) -> PrivateKey:
    """A new private key."""
    if kind == KeyKind.RSA3072:
        return rsa.generate_private_key(public_exponent=65537, key_size=3072)
    return ec.generate_private_key(ec.SECP256R1())


def make_root(organisation: str) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """A self-signed root for this installation and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(organisation, f"{organisation} Document Root")
    certificate = (
        _builder(name, name, key.public_key(), ROOT_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate, key


def issue_seal_certificate(
    organisation: str,
    root: x509.Certificate,
    root_key: PrivateKey,
    *,
    kind: KeyKind = KeyKind.P256,
    list_url: str = "",
) -> tuple[x509.Certificate, PrivateKey]:
    """A new seal key and the root's certificate for it.

    ``list_url`` is where the root's list of revoked certificates is (RFC 5280, 4.2.1.13).
    """
    key = make_key(kind)
    subject = _name(organisation, f"{organisation} Seal")
    builder = _issued(subject, root, root_key, key, SEAL_LIFE, list_url)
    return builder.sign(root_key, hashes.SHA256()), key


def issue_signer_certificate(
    *,
    name: str,
    email: str,
    statement: str,
    root: x509.Certificate,
    root_key: PrivateKey,
    list_url: str = "",
) -> tuple[x509.Certificate, PrivateKey]:
    """A key for one person and one envelope, and a certificate in their name for an hour.

    ``statement`` (200 characters) says on whose word: it is the certificate's user notice
    (RFC 5280, 4.2.1.4). The organisation is its issuer, never part of the subject.
    """
    key = make_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64] or "Signer")])
    notice = x509.UserNotice(None, statement[:200])
    builder = _issued(subject, root, root_key, key, SIGNER_LIFE, list_url).add_extension(
        x509.CertificatePolicies([x509.PolicyInformation(SIGNER_POLICY, [notice])]),
        critical=False,
    )
    if email.isascii() and email:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.RFC822Name(email)]), critical=False
        )
    return builder.sign(root_key, hashes.SHA256()), key


def issue_list(
    root: x509.Certificate,
    root_key: PrivateKey,
    revoked: Iterable[tuple[int, datetime]] = (),
) -> x509.CertificateRevocationList:
    """The root's list of revoked certificates as of now: serial numbers and since when."""
    now = datetime.now(UTC).replace(microsecond=0)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(root.subject)
        .last_update(now - timedelta(minutes=5))
        .next_update(now + LIST_LIFE)
        .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()),
            critical=False,
        )
    )
    for serial, at in revoked:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at).build()
        )
    return builder.sign(root_key, hashes.SHA256())


def _issued(
    subject: x509.Name,
    root: x509.Certificate,
    root_key: PrivateKey,
    key: PrivateKey,
    life: timedelta,
    list_url: str,
) -> x509.CertificateBuilder:
    """What every certificate of the root for signing documents has in common."""
    builder = (
        _builder(subject, root.subject, key.public_key(), life)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([DOCUMENT_SIGNING]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()),
            critical=False,
        )
    )
    if list_url:
        where = x509.DistributionPoint(
            full_name=[x509.UniformResourceIdentifier(list_url)],
            relative_name=None,
            reasons=None,
            crl_issuer=None,
        )
        builder = builder.add_extension(x509.CRLDistributionPoints([where]), critical=False)
    return builder


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
    life: timedelta,
) -> x509.CertificateBuilder:
    # An hour back, so that a validator whose clock is a little behind accepts it.
    now = datetime.now(UTC).replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(organisation: str, common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64]),
        ]
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        content_commitment=not certificates,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )
