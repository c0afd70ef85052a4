"""Sealed files: what was written is read at any place; nothing else is."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealwright.base.database import sealed
from dealwright.base.database.sealed import CHUNK, TAG, Lock, SealedReader, SealedWriter
from dealwright.base.errors import Invalid

KEY = Lock("key", "a long random key")


def seal(content: bytes, lock: Lock = KEY) -> bytes:
    out = io.BytesIO()
    writer = SealedWriter(out, lock)
    writer.write(content)
    writer.close()
    return out.getvalue()


def unseal(content: bytes, lock: Lock = KEY) -> bytes:
    return SealedReader(io.BytesIO(content), lock).read()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7])
def test_it_reads_what_was_written_at_every_edge(size: int) -> None:
    content = bytes(n % 251 for n in range(size))
    assert unseal(seal(content)) == content


def test_a_passphrase_opens_what_it_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "SCRYPT_COST", 2**12)
    content = seal(b"secret", Lock("passphrase", "correct horse"))
    assert unseal(content, Lock("passphrase", "correct horse")) == b"secret"
    with pytest.raises(Invalid, match="cannot be opened"):
        unseal(content, Lock("passphrase", "wrong horse"))


def test_a_key_is_told_from_a_passphrase() -> None:
    with pytest.raises(Invalid, match="sealed with a key, not a passphrase"):
        unseal(seal(b"x"), Lock("passphrase", "correct horse"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda c: c[:-1],
        lambda c: c[: -(CHUNK + TAG)],
        lambda c: c[: c.index(b"\n") + 1],
        lambda c: c[:-5] + bytes([c[-5] ^ 1]) + c[-4:],
        lambda c: c.replace(b'"cost": 131072', b'"cost": 131071'),
    ],
    ids=["cut by a byte", "cut by a chunk", "emptied", "a bit turned", "header changed"],
)
def test_damage_is_noticed(damage) -> None:  # type: ignore[no-untyped-def]
    content = seal(b"x" * (2 * CHUNK))
    with pytest.raises(Invalid, match="cannot be opened"):
        unseal(damage(content))


def test_swapped_chunks_are_noticed() -> None:
    content = seal(b"a" * CHUNK + b"b" * CHUNK + b"c")
    start = content.index(b"\n") + 1
    size = CHUNK + TAG
    first, second = content[start : start + size], content[start + size : start + 2 * size]
    swapped = content[:start] + second + first + content[start + 2 * size :]
    with pytest.raises(Invalid, match="cannot be opened"):
        unseal(swapped)


def test_what_was_abandoned_cannot_be_opened() -> None:
    out = io.BytesIO()
    writer = SealedWriter(out, KEY)
    writer.write(b"x" * (CHUNK + 1))
    writer.abandon()
    with pytest.raises(Invalid, match="cannot be opened"):
        unseal(out.getvalue())


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b'{"format": "other"}\n', b"[]\n"])
def test_another_file_is_told_apart(content: bytes) -> None:
    with pytest.raises(Invalid, match="no Dealwright backup"):
        unseal(content)


def test_a_forged_cost_takes_no_memory() -> None:
    content = seal(b"x").replace(b'"cost": 131072', b'"cost": 4294967296')
    with pytest.raises(Invalid, match="no Dealwright backup"):
        unseal(content)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 3 * CHUNK), st.integers(0, 3 * CHUNK))
def test_any_part_can_be_read_alone(start: int, length: int) -> None:
    reader = SealedReader(io.BytesIO(SEALED), KEY)
    reader.seek(start)
    assert io.BufferedReader(reader).read(length) == CONTENT[start : start + length]


CONTENT = bytes(n % 253 for n in range(2 * CHUNK + 12345))
SEALED = seal(CONTENT)
