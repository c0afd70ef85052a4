"""Encrypted files on disk: AES-256-GCM in chunks, so that any size needs little memory.

The construction is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015): each chunk of 1 MiB
is sealed under the nonce ``7 random bytes | 4 bytes chunk number | 1 byte last?``. Chunks
cannot be changed, swapped, repeated, or cut off at the end without notice, and each file
has a key of its own.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dealwright.base.errors import Invalid, Unavailable

CHUNK = 1024 * 1024
TAG = 16
MAGIC = b"DWFILE1\n"


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: size and SHA-256 of the content, and what it takes to read it."""

    size: int
    sha256: str
    key: bytes
    nonce: bytes


def write_encrypted(source: BinaryIO, target: Path, file_id: str, *, limit: int) -> Written:
    """Encrypt what ``source`` yields into ``target``: whole and on disk, or not at all.

    Raises Invalid past ``limit`` bytes and leaves nothing behind on any failure.
    """
    key, prefix = AESGCM.generate_key(256), os.urandom(7)
    digest, size, number = sha256(), 0, 0
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=target.parent, prefix=".writing-")
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(MAGIC)
            cipher = AESGCM(key)
            chunk = _read_exactly(source, CHUNK)
            while True:
                size += len(chunk)
                if size > limit:
                    raise Invalid(
                        f"The file is larger than {limit // 1_000_000} MB.",
                        code="file_too_large",
                        fields={"file": [f"A file may have at most {limit // 1_000_000} MB."]},
                    )
                digest.update(chunk)
                following = _read_exactly(source, CHUNK)
                nonce = _nonce(prefix, number, last=not following)
                out.write(cipher.encrypt(nonce, chunk, file_id.encode()))
                if not following:
                    break
                chunk, number = following, number + 1
            out.flush()
            os.fsync(out.fileno())
        Path(draft).replace(target)
        _sync_folder(target.parent)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(draft).unlink()
        raise
    return Written(size, digest.hexdigest(), key, prefix)


def read_encrypted(path: Path, file_id: str, key: bytes, nonce: bytes) -> Iterator[bytes]:
    """The content, chunk by chunk, each checked before it is given out.

    Raises Unavailable where the file is missing, damaged, cut or not the one asked for.
    """
    with _opened(path) as source:
        cipher, number = AESGCM(key), 0
        sealed = source.read(CHUNK + TAG)
        while True:
            following = source.read(CHUNK + TAG)
            yield _checked(cipher, file_id, nonce, number, sealed, last=not following)
            if not following:
                return
            sealed, number = following, number + 1


def read_encrypted_part(
    path: Path, file_id: str, key: bytes, nonce: bytes, *, size: int, start: int, stop: int
) -> Iterator[bytes]:
    """The bytes from ``start`` to before ``stop`` of the ``size`` bytes of the content.

    Only the chunks that they lie in are read, each checked before any of it is given out: that
    it stands where it belongs, and that the last one is the last. Raises Unavailable as above.
    """
    first, last = start // CHUNK, (size - 1) // CHUNK
    with _opened(path) as source:
        cipher = AESGCM(key)
        source.seek(len(MAGIC) + first * (CHUNK + TAG))
        for number in range(first, (stop - 1) // CHUNK + 1):
            sealed = source.read(CHUNK + TAG)
            chunk = _checked(cipher, file_id, nonce, number, sealed, last=number == last)
            begin = number * CHUNK
            yield chunk[max(start - begin, 0) : stop - begin]


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The file behind its mark."""
    try:
        source = path.open("rb")
    except FileNotFoundError:
        raise Unavailable(
            "The content of this file is missing from the data folder.", code="file_missing"
        ) from None
    with source:
        if source.read(len(MAGIC)) != MAGIC:
            raise _damaged()
        yield source


def _checked(
    cipher: AESGCM, file_id: str, prefix: bytes, number: int, sealed: bytes, *, last: bool
) -> bytes:
    try:
        return cipher.decrypt(_nonce(prefix, number, last=last), sealed, file_id.encode())
    except (InvalidTag, ValueError):
        raise _damaged() from None


def _damaged() -> Unavailable:
    return Unavailable(
        "The content of this file is damaged: it does not match its seal. "
        "Restore it from a backup.",
        code="file_damaged",
    )


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return bytes(prefix) + number.to_bytes(4, "big") + (b"\x01" if last else b"\x00")


def _read_exactly(source: BinaryIO, count: int) -> bytes:
    """Up to ``count`` bytes, fewer only at the end: a pipe may give less per read."""
    parts, missing = [], count
    while missing:
        part = source.read(missing)
        if not part:
            break
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
