"""Merkle trees of RFC 6962."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dealwright.base.evidence.merkle import (
    EMPTY_ROOT,
    consistency_proof,
    grow_peaks,
    inclusion_proof,
    leaf_hash,
    merkle_root,
    root_of_peaks,
    verify_consistency,
    verify_inclusion,
)

# The leaves and roots of the test vectors that Certificate Transparency's own tests use.
LEAVES = [
    bytes.fromhex(each)
    for each in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
HASHES = [leaf_hash(data) for data in LEAVES]

sizes = some.integers(1, 70)


def hashes_of(size: int) -> list[bytes]:
    return [leaf_hash(bytes([number])) for number in range(size)]


def test_the_roots_of_the_known_tree() -> None:
    assert EMPTY_ROOT.hex() == sha256(b"").hexdigest()
    assert merkle_root([]) == EMPTY_ROOT
    assert [merkle_root(HASHES[: size + 1]).hex() for size in range(8)] == ROOTS


def test_the_known_proofs() -> None:
    assert [each.hex() for each in inclusion_proof(HASHES, 0)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    assert [each.hex() for each in consistency_proof(HASHES, 6)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@given(sizes, some.data())
def test_every_leaf_proves_itself_and_no_other(size: int, data: some.DataObject) -> None:
    hashes, root = hashes_of(size), merkle_root(hashes_of(size))
    index = data.draw(some.integers(0, size - 1))
    proof = inclusion_proof(hashes, index)
    assert verify_inclusion(hashes[index], index, size, proof, root)
    assert not verify_inclusion(leaf_hash(b"other"), index, size, proof, root)
    if size > 1:
        other = (index + 1) % size
        assert not verify_inclusion(hashes[index], other, size, proof, root)
        assert not verify_inclusion(hashes[index], index, size, proof[:-1], root)
        turned = [bytes(reversed(proof[0])), *proof[1:]]
        assert not verify_inclusion(hashes[index], index, size, turned, root)


@given(sizes, some.data())
def test_an_older_tree_proves_to_be_the_beginning(size: int, data: some.DataObject) -> None:
    hashes = hashes_of(size)
    old = data.draw(some.integers(1, size))
    root, old_root = merkle_root(hashes), merkle_root(hashes[:old])
    proof = consistency_proof(hashes, old)
    assert verify_consistency(old, old_root, size, root, proof)
    if old < size:
        rewritten = merkle_root([leaf_hash(b"other"), *hashes[1:old]])
        assert not verify_consistency(old, rewritten, size, root, proof)
        assert not verify_consistency(old, old_root, size, rewritten, proof)


@given(sizes, some.integers(0, 40))
def test_a_tree_grows_to_the_same_root_from_its_peaks(size: int, more: int) -> None:
    hashes = hashes_of(size + more)
    peaks = grow_peaks((), 0, hashes[:size])
    assert len(peaks) == size.bit_count()
    assert root_of_peaks(grow_peaks(peaks, size, hashes[size:])) == merkle_root(hashes)


def test_there_are_no_proofs_of_what_is_not_there() -> None:
    with pytest.raises(ValueError, match="has no leaf 8"):
        inclusion_proof(HASHES, 8)
    with pytest.raises(ValueError, match="had none of 9 before"):
        consistency_proof(HASHES, 9)
    assert not verify_inclusion(HASHES[0], 8, 8, [], merkle_root(HASHES))
    assert not verify_consistency(0, EMPTY_ROOT, 8, merkle_root(HASHES), [])
