"""The master keys that wrap each file's own key, and the ring they are found on.

The current secret is ``secrets/files`` of the data folder. A rotation writes the new one
beside it (``files-next``), wraps every key anew, then makes it the current one and keeps
the old one as ``files-previous`` for backups. Each wrapped key names its master key, so a
rotation may be stopped at any point. Where ``DEALWRIGHT_SECRET_FILES`` gives the secret,
the old one is given as ``DEALWRIGHT_SECRET_FILES_PREVIOUS`` until a rotation has run.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from dealwright.base.errors import Conflict, Unavailable
from dealwright.base.secrets import read_secret

_CURRENT, _NEXT, _PREVIOUS = "files", "files-next", "files-previous"


@dataclass(frozen=True, slots=True)
class MasterKey:
    """An AES-256 key made from an installation secret; ``id`` names it without revealing it."""

    id: str
    key: bytes

    def wrap(self, file_key: bytes, file_id: str) -> bytes:
        """The file's key, encrypted for this file alone: 12 bytes nonce, then AES-GCM."""
        nonce = os.urandom(12)
        return nonce + AESGCM(self.key).encrypt(nonce, file_key, self._bound_to(file_id))

    def unwrap(self, wrapped: bytes, file_id: str) -> bytes:
        """The file's key; raises Unavailable where this master key did not wrap it."""
        try:
            return AESGCM(self.key).decrypt(wrapped[:12], wrapped[12:], self._bound_to(file_id))
        except InvalidTag:
            raise Unavailable("The key of this file cannot be opened.", code="file_key") from None

    def _bound_to(self, file_id: str) -> bytes:
        return f"dealwright file key {self.id} {file_id}".encode()


def current_key() -> MasterKey:
    """The master key that wraps new files' keys."""
    return _from_secret(read_secret(settings.DATA_DIR, _CURRENT))


def key_named(key_id: str) -> MasterKey:
    """The master key with this id; raises Unavailable, naming what is missing."""
    for secret in _ring():
        if (key := _from_secret(secret)).id == key_id:
            return key
    raise Unavailable(
        f"The master key {key_id} of this file is missing from the data folder's secrets. "
        "Restore it from a backup.",
        code="master_key_missing",
    )


def key_to_rotate_to() -> MasterKey:
    """The key that a rotation wraps with: a fresh one, or the one a stopped rotation made.

    Where the environment gives the secret it is that one, since only the operator can
    change it.
    """
    if _given(_CURRENT):
        return current_key()
    return _from_secret(read_secret(settings.DATA_DIR, _NEXT))


def promote_next_key() -> None:
    """Make the next key the current one, atomically; the old one stays as the previous."""
    if _given(_CURRENT):
        return
    folder: Path = settings.DATA_DIR / "secrets"
    if not (folder / _NEXT).exists():
        raise Conflict("No rotation of the master key is under way.")
    keep = folder / f".{_PREVIOUS}.{secrets.token_hex(4)}"
    os.link(folder / _CURRENT, keep)
    keep.replace(folder / _PREVIOUS)
    (folder / _NEXT).replace(folder / _CURRENT)


def _ring() -> list[str]:
    """Every secret there is, the current first; none is made here but the current."""
    found = [read_secret(settings.DATA_DIR, _CURRENT)]
    for name in (_NEXT, _PREVIOUS):
        path: Path = settings.DATA_DIR / "secrets" / name
        if given := _given(name):
            found.append(given)
        elif path.exists():
            found.append(path.read_text().strip())
    return found


def _given(name: str) -> str:
    return os.environ.get(f"DEALWRIGHT_SECRET_{name.upper().replace('-', '_')}", "")


def _from_secret(secret: str) -> MasterKey:
    key = HKDF(SHA256(), 32, salt=None, info=b"dealwright files master key").derive(secret.encode())
    return MasterKey(sha256(b"dealwright key id" + key).hexdigest()[:16], key)
