"""Seal keys in a PKCS#11 token (an HSM, a smart card): the key never leaves it."""

from __future__ import annotations

import threading
from typing import Any

import pkcs11
from asn1crypto import x509  # type: ignore[import-untyped]
from pkcs11.constants import Attribute, ObjectClass
from pkcs11.exceptions import PKCS11Error
from pyhanko.sign.pkcs11 import PKCS11Signer

from dealwright.base.errors import Invalid, Unavailable

_lock = threading.Lock()
_sessions: dict[tuple[str, str, str], Any] = {}


def open_token(module: str, token: str, pin: str) -> Any:
    """A session with a token, kept open; raises Unavailable with what is wrong.

    ``module`` is the path of the maker's library, ``token`` the token's label.
    """
    place = (module, token, pin)
    with _lock:
        if place not in _sessions:
            try:
                _sessions[place] = (
                    pkcs11.lib(module).get_token(token_label=token).open(user_pin=pin)
                )
            except (PKCS11Error, RuntimeError, OSError) as error:
                raise Unavailable(_why(error, module, token), code="token") from None
        return _sessions[place]


def forget_sessions() -> None:
    """Open every token anew at its next use: a session may have ended with the device."""
    with _lock:
        _sessions.clear()


def certificates_in(module: str, token: str, pin: str, key: str) -> list[x509.Certificate]:
    """The certificate of a key by its label, then all others of the token.

    Raises Invalid where key or certificate are not there.
    """
    session = open_token(module, token, pin)
    try:
        keys = list(
            session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.LABEL: key})
        )
        found = [
            (each[Attribute.LABEL], x509.Certificate.load(each[Attribute.VALUE]))
            for each in session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE})
        ]
    except PKCS11Error as error:
        forget_sessions()
        raise Unavailable(_why(error, module, token), code="token") from None
    if not keys:
        raise _missing(f"The token holds no private key with the label “{key}”.")
    own = [certificate for label, certificate in found if label == key]
    if not own:
        raise _missing(f"The token holds no certificate with the label “{key}”.")
    return [own[0], *(certificate for _, certificate in found if certificate is not own[0])]


def token_signer(
    module: str,
    token: str,
    pin: str,
    key: str,
    *,
    certificate: x509.Certificate,
    chain: list[x509.Certificate],
) -> PKCS11Signer:
    """Signs in the token."""
    return PKCS11Signer(
        open_token(module, token, pin),
        key_label=key,
        signing_cert=certificate,
        ca_chain=chain,
        # Every token can do this for elliptic curves; hashing inside is rare.
        use_raw_mechanism=certificate.public_key.algorithm == "ec",
    )


def _missing(sentence: str) -> Invalid:
    return Invalid(sentence, code="token", fields={"token_key": [sentence]})


def _why(error: Exception, module: str, token: str) -> str:
    name = type(error).__name__
    sentences = {
        "NoSuchToken": f"There is no token with the label “{token}”.",
        "PinIncorrect": "The token refuses the PIN.",
        "PinLocked": "The token is locked after too many wrong PINs.",
        "PinLenRange": "The token refuses the PIN.",
        "UserNotLoggedIn": "The token needs a PIN.",
    }
    if isinstance(error, OSError | RuntimeError) and not isinstance(error, PKCS11Error):
        return f"The library {module} cannot be loaded."
    return sentences.get(name, f"The token does not answer as it should ({name}).")
