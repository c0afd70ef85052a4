"""Setting up the seal: levels, authorities and keys. Administrators only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from asn1crypto import x509 as asn1_x509  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from django.conf import settings
from django.utils import timezone
from pyhanko.sign.general import SigningError

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import as_uuid
from dealwright.base.encrypted_text import encrypt_text
from dealwright.base.errors import Conflict, Invalid, NotFound, Unavailable
from dealwright.base.loops import complete
from dealwright.signing.seals import keys, services
from dealwright.signing.seals.certificates import KeyKind
from dealwright.signing.seals.importing import (
    check_certificate,
    complete_chain,
    pem_of,
    read_pkcs12,
)
from dealwright.signing.seals.keys import SealKey
from dealwright.signing.seals.models import (
    ONE_ROW,
    RevokedCertificate,
    SealCertificate,
    SealProfile,
    SealSettings,
)
from dealwright.signing.seals.network import guarded_session
from dealwright.signing.seals.remote import VERSIONS, Service, ask_service
from dealwright.signing.seals.sealing import CachedKeySigner, HeldKey
from dealwright.signing.seals.tokens import certificates_in

MOST_AUTHORITIES = 5
DIGESTS = ("sha256", "sha384", "sha512")


def check_administrator(actor: Actor) -> None:
    """Raises NotAllowed for whoever does not keep the seal."""
    actor.require_administrator("The seal is set up by administrators.")


def save_seal_settings(actor: Actor, values: Mapping[str, Any]) -> SealSettings:
    """Store level, authorities, roots and how revocations are asked for.

    Raises Invalid naming each wrong field, and where the level cannot be had with the rest.
    """
    check_administrator(actor)
    with change(actor):
        stored = _locked()
        wrong: dict[str, list[str]] = {}
        _assign(stored, values, wrong)
        _check_level(stored, wrong)
        if wrong:
            raise Invalid("Some settings are not right. Nothing was saved.", fields=wrong)
        _save(actor, stored)
    return stored


def import_key(actor: Actor, content: bytes, password: str, *, use: bool = True) -> SealCertificate:
    """Take the key of a PKCS#12 file, and seal with it from now on unless told otherwise.

    Safe to repeat. Raises Invalid as ``read_pkcs12`` does.
    """
    check_administrator(actor)
    found = read_pkcs12(content, password)
    with change(actor):
        row = _keep(actor, "imported", found.certificate, found.chain, place={}, secret="", use=use)
        keys.keep_imported_key(settings.DATA_DIR, found.certificate, found.key, found.chain)
    return row


def add_token_key(actor: Actor, *, token: str, key: str, pin: str) -> SealCertificate:
    """Use a key in a PKCS#11 token, by the labels of both; it signs once as a trial.

    The library is DEALWRIGHT_PKCS11_MODULE, for the operator alone to choose. Raises Invalid or
    Unavailable with what is wrong.
    """
    check_administrator(actor)
    if not settings.PKCS11_MODULE:
        raise Conflict(
            "No PKCS#11 library is set. The operator names it in DEALWRIGHT_PKCS11_MODULE."
        )
    found = certificates_in(settings.PKCS11_MODULE, token.strip(), pin, key.strip())
    place = {"token": token.strip(), "key": key.strip()}
    return _add_held(actor, "token", found, place=place, secret=pin)


def add_service_key(
    actor: Actor, *, url: str, version: str, credential: str, token: str = "", pin: str = ""
) -> SealCertificate:
    """Use a key at a signing service (CSC API); it signs once as a trial.

    Raises Invalid or Unavailable with what is wrong.
    """
    check_administrator(actor)
    hosts = tuple(services.seal_settings().private_hosts.split())
    service = Service(_service_url(url, hosts), version, credential.strip(), token.strip(), pin)
    if version not in VERSIONS:
        raise _wrong("service_version", "Choose version 1 or 2.")
    if not service.credential:
        raise _wrong("service_credential", "Say which key of the service.")
    found, algorithms = ask_service(service, private_hosts=hosts)
    place = {
        "url": service.url,
        "version": version,
        "credential": service.credential,
        "algorithms": algorithms,
    }
    secret = json.dumps({"token": service.token, "pin": service.pin})
    return _add_held(actor, "service", found, place=place, secret=secret)


def use_key(actor: Actor, key_id: Any = None) -> SealSettings:
    """Seal with a known key from now on; None is the own one. Raises NotFound or Invalid."""
    check_administrator(actor)
    with change(actor):
        stored = _locked()
        row = SealCertificate.objects.filter(pk=as_uuid(key_id)).first() if key_id else None
        if key_id and row is None:
            raise NotFound("There is no such key.")
        if row is not None:
            check_certificate(x509.load_pem_x509_certificate(row.certificate.encode()))
            services.key_of(row)
        stored.key = row
        _save(actor, stored)
    return stored


def replace_own_key(actor: Actor, *, reason: str) -> SealKey:
    """Revoke the own seal key, destroy it, and make another.

    What it sealed before keeps its seal; from now on the root's list says that the certificate
    was revoked, and since when. Raises Invalid without a reason.
    """
    check_administrator(actor)
    if not reason.strip():
        raise _wrong("reason", "Say why: it is kept with the certificate.")
    with change(actor):
        _locked()
        old = services.ensure_organisation_seal().certificate
        RevokedCertificate.objects.create(
            serial=f"{old.serial_number:x}", reason=reason.strip()[:200]
        )
        keys.discard_own_key(settings.DATA_DIR, old.serial_number)
    return services.ensure_organisation_seal()


def check_signs(key: SealKey | HeldKey) -> None:
    """Have a key sign something and check it; raises Unavailable where it does not."""
    probe = b"Dealwright asks its seal key."
    try:
        signature = complete(_sign(key, probe))
        public = key.certificate.public_key()
        if isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature, probe, ec.ECDSA(hashes.SHA256()))
        elif isinstance(public, rsa.RSAPublicKey):
            public.verify(signature, probe, padding.PKCS1v15(), hashes.SHA256())
        else:
            raise Unavailable("Keys for seals are RSA or elliptic curves.")
    except InvalidSignature:
        raise Unavailable("What the key signs does not fit its certificate.") from None
    except SigningError as error:
        last = error.__cause__ or error.__context__ or error
        raise Unavailable(f"The key does not sign: {last}") from None
    except Unavailable:
        raise
    except Exception as error:  # whatever a token's library raises
        raise Unavailable(f"The key does not sign ({type(error).__name__}).") from None


async def _sign(key: SealKey | HeldKey, data: bytes) -> bytes:
    if isinstance(key, SealKey):
        return await CachedKeySigner(key).async_sign_raw(data, "sha256")
    async with guarded_session(key.private_hosts) as session:
        return await key.signer(session).async_sign_raw(data, "sha256")


def _add_held(
    actor: Actor, kind: str, found: list[asn1_x509.Certificate], *, place: dict[str, Any],
    secret: str,
) -> SealCertificate:  # fmt: skip
    certificate, *others = [x509.load_der_x509_certificate(each.dump()) for each in found]
    check_certificate(certificate)
    chain = complete_chain(certificate, others)
    hosts = tuple(services.seal_settings().private_hosts.split())
    check_signs(services.held_key(kind, place, secret, certificate, chain, hosts))
    with change(actor):
        return _keep(actor, kind, certificate, chain, place=place, secret=secret, use=True)


def _keep(
    actor: Actor,
    kind: str,
    certificate: x509.Certificate,
    chain: tuple[x509.Certificate, ...],
    *,
    place: dict[str, Any],
    secret: str,
    use: bool,
) -> SealCertificate:
    row, _ = SealCertificate.objects.update_or_create(
        kind=kind,
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        defaults={
            "certificate": pem_of([certificate]),
            "chain": pem_of(chain),
            "place": place,
            "secret": encrypt_text(secret, purpose=services.SECRET) if secret else "",
            "expires_at": certificate.not_valid_after_utc,
            "retired_at": None,
        },
    )
    if use:
        stored = _locked()
        stored.key = row
        _save(actor, stored)
    return row


def _locked() -> SealSettings:
    SealSettings.objects.get_or_create(pk=ONE_ROW)
    return SealSettings.objects.select_for_update().get(pk=ONE_ROW)


def _save(actor: Actor, stored: SealSettings) -> None:
    stored.updated_at, stored.updated_by = timezone.now(), actor.user
    stored.save()


def _assign(stored: SealSettings, values: Mapping[str, Any], wrong: dict[str, list[str]]) -> None:
    if "profile" in values:
        stored.profile = str(values["profile"] or "")
        if stored.profile and stored.profile not in SealProfile.values:
            wrong["profile"] = ["Choose one of the list."]
    if "own_key" in values:
        stored.own_key = str(values["own_key"])
        if stored.own_key not in list(KeyKind):
            wrong["own_key"] = ["Choose one of the list."]
    if "tsa_urls" in values:
        addresses = str(values["tsa_urls"] or "").split()
        if len(addresses) > MOST_AUTHORITIES or any(not _is_web(each) for each in addresses):
            wrong["tsa_urls"] = [
                f"Give at most {MOST_AUTHORITIES} web addresses (http:// or https://), one a line."
            ]
        stored.tsa_urls = "\n".join(addresses)
    if "tsa_roots" in values:
        stored.tsa_roots = str(values["tsa_roots"] or "").strip()
        try:
            services.read_certificates(stored.tsa_roots.encode())
        except (ValueError, TypeError):
            wrong["tsa_roots"] = ["These are no certificates in PEM form."]
    if "private_hosts" in values:
        hosts = str(values["private_hosts"] or "").lower().split()
        if any("/" in each or len(each) > 253 for each in hosts):
            wrong["private_hosts"] = ["Give names of hosts, one a line, without http://."]
        stored.private_hosts = "\n".join(hosts)
    if "weak_digests" in values:
        digests = str(values["weak_digests"] or "").lower().replace(",", " ").split()
        if any(each not in DIGESTS for each in digests) or set(digests) >= set(DIGESTS):
            wrong["weak_digests"] = ["Name sha256, sha384 or both; sha512 must stay."]
        stored.weak_digests = " ".join(digests)
    if "fetches_revocations" in values:
        stored.fetches_revocations = bool(values["fetches_revocations"])


def _check_level(stored: SealSettings, wrong: dict[str, list[str]]) -> None:
    if stored.profile in ("", SealProfile.B_B) or wrong:
        return
    if not services.authorities(stored):
        wrong["tsa_urls"] = [f"Level {stored.profile} needs a time-stamping authority."]
    elif stored.profile != SealProfile.B_T and not services.authority_roots(stored):
        wrong["tsa_roots"] = [f"Level {stored.profile} needs the roots of the authority."]


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and len(url) <= 500


def _service_url(url: str, hosts: tuple[str, ...]) -> str:
    url = url.strip().rstrip("/")
    if not _is_web(url):
        raise _wrong("service_url", "This is no web address.")
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise _wrong("service_url", "The address may not hold a user name or password.")
    if parts.scheme == "http" and parts.hostname not in hosts:
        raise _wrong("service_url", "The address must start with https://.")
    return url


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={field: [sentence]})
