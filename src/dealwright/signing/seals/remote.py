"""Seal keys at a signing service that speaks the API of the Cloud Signature Consortium.

Versions 1 (1.0.4) and 2 (2.0) are spoken: the same calls with the version in the address, and
names that moved in version 2. The service authorises each hash by itself (``authMode`` implicit)
or with a PIN (explicit); one that sends its user a one-time code cannot seal unattended.
"""

from __future__ import annotations

import base64
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import aiohttp
from asn1crypto import algos, x509  # type: ignore[import-untyped]
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.csc_signer import (
    CSCAuthorizationInfo,
    CSCAuthorizationManager,
    CSCCredentialInfo,
    CSCServiceSessionInfo,
    CSCSigner,
)

from dealwright.base.errors import Invalid, Unavailable
from dealwright.base.loops import complete
from dealwright.signing.seals.network import guarded_session

VERSIONS = ("v1", "v2")


@dataclass(frozen=True, slots=True)
class Service:
    """Where a key is, and what opens it."""

    url: str
    version: str
    credential: str
    token: str = ""
    pin: str = ""

    @property
    def session(self) -> CSCServiceSessionInfo:
        return CSCServiceSessionInfo(
            service_url=self.url.rstrip("/").removesuffix("/csc"),
            credential_id=self.credential,
            oauth_token=self.token or None,
            api_ver=self.version,
        )


class Authorised(CSCAuthorizationManager):
    """Asks for leave to sign exactly these hashes."""

    def __init__(
        self, service: Service, info: CSCCredentialInfo, session: aiohttp.ClientSession
    ) -> None:
        super().__init__(service.session, info)
        self._service, self._http = service, session

    async def authorize_signature(self, hash_b64s: list[str]) -> CSCAuthorizationInfo:
        asked = self.format_csc_auth_request(
            hash_b64s=hash_b64s, pin=None if self._service.version == "v2" else self._pin
        )
        if self._service.version == "v2":
            # 2.0 names the hashes in the plural with their algorithm, and takes a list of proofs.
            asked["hashes"] = asked.pop("hash")
            asked["hashAlgorithmOID"] = algos.DigestAlgorithmId("sha256").dotted
            if self._pin:
                asked["authData"] = [{"id": "PIN", "value": self._pin}]
        answer = await _post(self._http, self.csc_session_info, "credentials/authorize", asked)
        return self.parse_csc_auth_response(answer)

    @property
    def _pin(self) -> str | None:
        return self._service.pin or None


class ServiceSigner(CSCSigner):
    """Has the service sign; version 2 moved two names of the request."""

    async def format_csc_signing_req(
        self, tbs_hashes: list[str], digest_algorithm: str
    ) -> dict[str, Any]:
        asked: dict[str, Any] = await super().format_csc_signing_req(tbs_hashes, digest_algorithm)
        if self.auth_manager.csc_session_info.api_ver == "v2":
            asked["hashes"] = asked.pop("hash")
            asked["hashAlgorithmOID"] = asked.pop("hashAlgo")
        return asked


def ask_service(
    service: Service, *, private_hosts: Collection[str] = ()
) -> tuple[list[x509.Certificate], list[str]]:
    """The certificates of a key at a service, its own first, and what it can sign with.

    Raises Unavailable where the service does not answer, Invalid where it cannot seal.
    """
    answer = complete(_ask(service, private_hosts))
    if answer.get("authMode", "implicit") not in ("implicit", "explicit"):
        raise _invalid("The service wants a person to agree to each seal; it cannot be used here.")
    if answer.get("key", {}).get("status", "enabled") != "enabled":
        raise _invalid("The service says that the key is not enabled.")
    try:
        given = answer["cert"]["certificates"]
        certificates = [x509.Certificate.load(base64.b64decode(each)) for each in given]
        algorithms = [algos.SignedDigestAlgorithmId(each).native for each in answer["key"]["algo"]]
        certificates[0].subject.human_friendly  # noqa: B018  parses; a broken one raises here
    except (KeyError, ValueError, TypeError, IndexError):
        raise Unavailable("The signing service's answer cannot be read.", code="service") from None
    return certificates, algorithms


def service_signer(
    service: Service,
    session: aiohttp.ClientSession,
    *,
    certificate: x509.Certificate,
    chain: list[x509.Certificate],
    algorithms: list[str],
) -> ServiceSigner:
    """Signs at the service, one leave a signature."""
    info = CSCCredentialInfo(
        signing_cert=certificate,
        chain=chain,
        supported_mechanisms=frozenset(algorithms),
        max_batch_size=1,
        hash_pinning_required=True,
        response_data={},
    )
    return ServiceSigner(session, Authorised(service, info, session), sign_timeout=60)


async def _ask(service: Service, private_hosts: Collection[str]) -> dict[str, Any]:
    asked = {"credentialID": service.credential, "certificates": "chain", "certInfo": False}
    async with guarded_session(private_hosts) as session:
        try:
            return await _post(session, service.session, "credentials/info", asked)
        except SigningError as error:
            raise Unavailable(str(error), code="service") from None


async def _post(
    session: aiohttp.ClientSession, at: CSCServiceSessionInfo, name: str, asked: dict[str, Any]
) -> dict[str, Any]:
    """One call; raises SigningError with a sentence."""
    url: str = at.endpoint_url(name)  # type: ignore[no-untyped-call]
    try:
        async with session.post(
            url, headers=at.auth_headers, json=asked, allow_redirects=False
        ) as response:
            if response.status in (401, 403):
                raise SigningError("The signing service does not accept the access token or PIN.")
            if response.status != 200:
                raise SigningError(f"The signing service refuses ({response.status}).")
            answer = await response.json()
    except SigningError:  # which is a ValueError
        raise
    except (aiohttp.ClientError, TimeoutError, ValueError, OSError) as error:
        raise SigningError(
            f"The signing service does not answer ({type(error).__name__})."
        ) from error
    if not isinstance(answer, dict):
        raise SigningError("The signing service's answer cannot be read.")
    return answer


def _invalid(sentence: str) -> Invalid:
    return Invalid(sentence, code="service", fields={"service_credential": [sentence]})
