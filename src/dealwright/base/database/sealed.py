"""A sealed file: written in one pass, read at any place, of no use to who lacks its key.

After one line of JSON come chunks of 1 MiB, each under AES-256-GCM. The nonce counts the
chunks and marks the last (the STREAM construction), and every chunk is bound to the first
line, so nothing can be changed, moved or cut off unnoticed.
"""

from __future__ import annotations

import base64
import io
import json
import os
from dataclasses import dataclass
from typing import BinaryIO, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from dealwright.base.errors import Invalid

CHUNK = 2**20
TAG = 16
LONGEST_HEADER = 1000
FORMAT = "dealwright-sealed-1"
SCRYPT_COST = 2**17  # 128 MB of memory and about half a second for each guess


@dataclass(frozen=True, slots=True)
class Lock:
    """What seals and opens: a ``passphrase`` a person chose, or a long random ``key``."""

    kind: Literal["passphrase", "key"]
    text: str

    def derive(self, salt: bytes, cost: int) -> AESGCM:
        if self.kind == "passphrase":
            key = Scrypt(salt=salt, length=32, n=cost, r=8, p=1).derive(self.text.encode())
        else:
            key = HKDF(SHA256(), 32, salt=salt, info=FORMAT.encode()).derive(self.text.encode())
        return AESGCM(key)


def _nonce(number: int, *, last: bool) -> bytes:
    # The key is fresh for each file (its salt is), so the counter alone is unique.
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


class SealedWriter(io.RawIOBase):
    """Seals what is written into ``target``; complete only once it is closed."""

    def __init__(self, target: BinaryIO, lock: Lock) -> None:
        salt = os.urandom(32)
        header = {
            "format": FORMAT,
            "lock": lock.kind,
            "salt": base64.b64encode(salt).decode(),
            "cost": SCRYPT_COST,
        }
        self._target = target
        self._header = json.dumps(header).encode() + b"\n"
        self._cipher = lock.derive(salt, SCRYPT_COST)
        self._waiting = bytearray()
        self._number = 0
        target.write(self._header)

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:  # type: ignore[no-untyped-def]
        self._waiting += data
        # One byte more than a chunk: the last chunk is known to be last when it is sealed.
        while len(self._waiting) > CHUNK:
            self._seal(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._seal(bytes(self._waiting), last=True)
            super().close()

    def abandon(self) -> None:
        """Closes without the last chunk: what was written so far cannot be opened."""
        super().close()

    def _seal(self, chunk: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number, last=last), chunk, self._header)
        self._target.write(sealed)
        self._number += 1


class SealedReader(io.RawIOBase):
    """Reads a sealed file at any place; raises Invalid where the key or the file is wrong."""

    def __init__(self, source: BinaryIO, lock: Lock) -> None:
        self._source = source
        source.seek(0)
        self._header = source.readline(LONGEST_HEADER)
        try:
            header = json.loads(self._header)
            known = header["format"] == FORMAT
            salt, cost, kind = base64.b64decode(header["salt"]), header["cost"], header["lock"]
        except (ValueError, KeyError, TypeError):
            known = False
        # Bounded, so that a forged header cannot ask for all of the machine's memory.
        if not known or not isinstance(cost, int) or not 2**10 <= cost <= 2**20:
            raise Invalid("This file is no Dealwright backup.", code="not_a_backup")
        if kind != lock.kind:
            raise Invalid(
                f"This backup was sealed with a {kind}, not a {lock.kind}.", code="other_lock"
            )
        self._cipher = lock.derive(salt, cost)
        sealed = source.seek(0, os.SEEK_END) - len(self._header)
        self._chunks = -(-sealed // (CHUNK + TAG))
        self._size = sealed - self._chunks * TAG
        if self._size < 0 or self._chunks < 1:
            raise self._damaged()
        self._place = 0
        self._held: tuple[int, bytes] = (-1, b"")
        self._chunk(self._chunks - 1)  # proves the key, and that the end is there

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}[whence]
        self._place = max(0, start + offset)
        return self._place

    def tell(self) -> int:
        return self._place

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        number, within = divmod(self._place, CHUNK)
        if self._place >= self._size:
            return 0
        part = self._chunk(number)[within : within + len(buffer)]
        buffer[: len(part)] = part
        self._place += len(part)
        return len(part)

    def _chunk(self, number: int) -> bytes:
        if self._held[0] != number:
            self._source.seek(len(self._header) + number * (CHUNK + TAG))
            sealed = self._source.read(CHUNK + TAG)
            nonce = _nonce(number, last=number == self._chunks - 1)
            try:
                self._held = (number, self._cipher.decrypt(nonce, sealed, self._header))
            except (InvalidTag, ValueError):
                raise self._damaged() from None
        return self._held[1]

    @staticmethod
    def _damaged() -> Invalid:
        return Invalid(
            "The backup cannot be opened: the passphrase or key is not the one it was sealed "
            "with, or the file is damaged.",
            code="cannot_open",
        )
