"""Short secrets that rest in the database (signing secrets, client secrets), encrypted."""

from __future__ import annotations

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from dealwright.base.errors import Unavailable
from dealwright.base.secrets import read_secret

_VERSION = "v1."


def encrypt_text(text: str, *, purpose: str) -> str:
    """The text under AES-256-GCM as printable characters; only the same ``purpose`` opens it."""
    nonce = os.urandom(12)
    sealed = AESGCM(_key()).encrypt(nonce, text.encode(), purpose.encode())
    return _VERSION + base64.urlsafe_b64encode(nonce + sealed).decode()


def decrypt_text(stored: str, *, purpose: str) -> str:
    """The text again; raises Unavailable where the install's secret is another one now."""
    try:
        raw = base64.urlsafe_b64decode(stored.removeprefix(_VERSION))
        return AESGCM(_key()).decrypt(raw[:12], raw[12:], purpose.encode()).decode()
    except (InvalidTag, ValueError):
        raise Unavailable(
            "A stored secret cannot be opened: the data folder's secret “texts” is not the one "
            "it was written with. Restore it from a backup, or enter the secret anew.",
            code="secret_key",
        ) from None


def _key() -> bytes:
    secret = read_secret(settings.DATA_DIR, "texts").encode()
    return HKDF(SHA256(), 32, salt=None, info=b"dealwright texts").derive(secret)
