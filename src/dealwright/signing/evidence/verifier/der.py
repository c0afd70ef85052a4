"""As much of DER, CMS and X.509 as is looked at without ``openssl``."""

# ruff: noqa: UP017  Python 3.9 must read it

from __future__ import annotations

import base64
import re
from datetime import datetime, timezone
from typing import Any

from dealwright.signing.evidence.verifier.vocabulary import HASHES


def tlv(data: bytes, at: int) -> tuple[int, int, int]:
    """(tag, where the value begins, where it ends) of the element at a place."""
    if at + 2 > len(data):
        raise ValueError("cut short")
    tag, length, begin = data[at], data[at + 1], at + 2
    if length & 0x80:
        width = length & 0x7F
        if not 0 < width <= 4 or begin + width > len(data):
            raise ValueError("of unknown length")
        length, begin = int.from_bytes(data[begin : begin + width], "big"), begin + width
    if begin + length > len(data):
        raise ValueError("cut short")
    return tag, begin, begin + length


def children(data: bytes, at: int = 0) -> list[tuple[int, bytes, bytes]]:
    """(tag, the whole element, its value) of each element inside the one at a place."""
    _tag, begin, end = tlv(data, at)
    found = []
    while begin < end:
        tag, inner, stop = tlv(data, begin)
        if stop > end:
            raise ValueError("longer than what it is in")
        found.append((tag, data[begin:stop], data[inner:stop]))
        begin = stop
    return found


def element(tag: int, *parts: bytes) -> bytes:
    value = b"".join(parts)
    if len(value) < 0x80:
        return bytes([tag, len(value)]) + value
    width = (len(value).bit_length() + 7) // 8
    return bytes([tag, 0x80 | width]) + len(value).to_bytes(width, "big") + value


def object_id(value: bytes) -> str:
    numbers, number = [], 0
    for byte in value:
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))


def content_type(signature: bytes) -> str:
    """What a CMS signature is over, as an object identifier; empty where it is none."""
    try:
        signed = children(children(signature)[1][1])[0][1]
        return object_id(children(children(signed)[2][1])[0][2])
    except (ValueError, IndexError):
        return ""


def read_timestamp(info: bytes) -> dict[str, Any]:
    """Imprint and time of a TSTInfo (RFC 3161, 2.4.2)."""
    parts = children(info)
    imprint = children(parts[2][1])
    algorithm = HASHES.get(object_id(children(imprint[0][1])[0][2]))
    if algorithm is None:
        raise ValueError("the time stamp uses an unknown hash")
    stated = parts[4][2].decode("ascii").rstrip("Z").partition(".")[0]
    at = datetime.strptime(stated, "%Y%m%d%H%M%S").replace(tzinfo=timezone.utc)
    return {"algorithm": algorithm, "hash": imprint[1][2], "at": at}


def certificates(pem: bytes) -> list[bytes]:
    """The certificates of a PEM file, in DER."""
    found = re.findall(
        rb"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", pem, re.DOTALL
    )
    try:
        return [base64.b64decode(b"".join(each.split()), validate=True) for each in found]
    except ValueError:
        raise ValueError("the certificates cannot be read") from None


SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
DATA = bytes.fromhex("06092a864886f70d010701")
PLAIN_DIGESTS = {f"300b06096086480165030402{each:02x}" for each in (1, 2, 3)} | {
    f"300d06096086480165030402{each:02x}0500" for each in (1, 2, 3)
}
RSA_PSS = "1.2.840.113549.1.1.10"
RSA = "300d06092a864886f70d0101010500"
SIGNATURES = {  # of each hash: ECDSA, RSA with it, RSA by its plain name
    "sha256": {"300a06082a8648ce3d040302", "300d06092a864886f70d01010b0500", RSA},
    "sha384": {"300a06082a8648ce3d040303", "300d06092a864886f70d01010c0500", RSA},
    "sha512": {"300a06082a8648ce3d040304", "300d06092a864886f70d01010d0500", RSA},
}


def is_plain_signature(signature: bytes, known: list[bytes]) -> bool:
    """Whether a detached signature consists of nothing but known certificates, the signed
    attributes, and the signature itself: every other byte of it is as the standard has it."""
    try:
        outer = children(signature)
        signed = children(outer[1][1])[0][1]
        parts = {tag: whole for tag, whole, _value in children(signed)[3:]}
        held = [whole for _tag, whole, _value in children(parts[0xA0])]
        infos = children(parts[0x31])
        info = children(infos[0][1])
        issuer_and_serial, digest, attributes = info[1][1], info[2][1], info[3][1]
        algorithm, value = info[4][1], info[5][1]
        version = children(signed)[0][1]
        certificate = next(
            each for each in held if issuer_and_serial == element(0x30, *issuer_of(each))
        )
    except (ValueError, IndexError, KeyError, StopIteration):
        return False
    rebuilt = element(
        0x30,
        SIGNED_DATA,
        element(
            0xA0,
            element(
                0x30,
                version,
                element(0x31, digest),
                element(0x30, DATA),
                element(0xA0, *held),
                element(
                    0x31,
                    element(
                        0x30,
                        b"\x02\x01\x01",
                        issuer_and_serial,
                        digest,
                        attributes,
                        algorithm,
                        value,
                    ),
                ),
            ),
        ),
    )
    return (
        rebuilt == signature
        and version == b"\x02\x01\x01"
        and certificate in known
        and all(each in known for each in held)
        and digest.hex() in PLAIN_DIGESTS
        and is_plain_algorithm(algorithm, digest)
    )


def issuer_of(certificate: bytes) -> tuple[bytes, bytes]:
    """The issuer and the serial number of a certificate, as they stand in it."""
    parts = [whole for tag, whole, _value in children(children(certificate)[0][1]) if tag != 0xA0]
    return parts[2], parts[0]


def is_plain_algorithm(algorithm: bytes, digest: bytes) -> bool:
    """Whether a signature algorithm belongs to the hash beside it. What openssl reads of the
    parameters of PSS must fit anyway."""
    try:
        name = HASHES[object_id(children(digest)[0][2])]
        parts = children(algorithm)
        return algorithm.hex() in SIGNATURES[name] or (
            object_id(parts[0][2]) == RSA_PSS and len(parts) == 2 and parts[1][0] == 0x30
        )
    except (ValueError, IndexError, KeyError):
        return False
