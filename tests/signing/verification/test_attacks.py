"""No file that was changed after signing passes, and none ends the verifier."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import pytest

from dealwright.signing.verification.policy import verify_pdf
from dealwright.signing.verification.services import verify_signed_pdf
from signing.verification.attacks import ATTACKS, bases, signed
from signing.verification.outsider import authority, by_hand, stream, update

PASSED, FAILED, UNKNOWN = "TOTAL-PASSED", "TOTAL-FAILED", "INDETERMINATE"


@pytest.mark.parametrize("name", bases())
def test_what_the_attacks_start_from_is_sound(name: str) -> None:
    report = verify_pdf(bases()[name], trust=authority().pem)
    assert (report["integrity"]["verdict"], report["trust"]["verdict"]) == (PASSED, PASSED)


@pytest.mark.parametrize("name", ATTACKS)
def test_a_changed_file_never_passes_and_the_reason_is_named(name: str) -> None:
    report = verify_pdf(ATTACKS[name](), trust=authority().pem)
    assert report["integrity"]["verdict"] in (FAILED, UNKNOWN)
    assert all(reason["code"] and reason["text"] for reason in report["integrity"]["reasons"])
    assert report["integrity"]["reasons"]


def bomb() -> bytes:
    packed = zlib.compress(zlib.compress(b"\0" * 400_000_000, 9), 9)
    filters = b"/Filter [ /FlateDecode /FlateDecode ]"
    return update(by_hand(), {5: stream(packed, filters)})


HOSTILE: dict[str, Callable[[], bytes]] = {
    "nested arrays": lambda: update(signed(), {5: b"[" * 200_000 + b"]" * 200_000}),
    "nested dictionaries": lambda: update(signed(), {4: b"<< /A " * 50_000 + b">>" * 50_000}),
    "a page tree that holds itself": lambda: update(
        signed(), {2: b"<< /Type /Pages /Kids [ 2 0 R ] /Count 1000000 >>"}
    ),
    "a form that holds itself": lambda: update(
        signed(),
        {
            1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [ 90 0 R ] >> >>",
            90: b"<< /T (A) /FT /Sig /Kids [ 90 0 R ] >>",
        },
    ),
    "a length that names itself": lambda: update(
        signed(), {5: b"<< /Length 5 0 R >>\nstream\nBT ET\nendstream"}
    ),
    "a million pages": lambda: update(
        signed(), {2: b"<< /Type /Pages /Kids [ 4 0 R 6 0 R ] /Count 1000000 >>"}
    ),
    "a page a mile wide": lambda: update(
        signed(), {4: b"<< /Type /Page /Parent 2 0 R /MediaBox [ 0 0 4000000 4000000 ] >>"}
    ),
    "a stream that unpacks to much": bomb,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_made_to_exhaust_the_verifier_gets_an_answer(name: str) -> None:
    report = verify_signed_pdf(HOSTILE[name](), trust=authority().pem)
    assert report["integrity"]["verdict"] in (FAILED, UNKNOWN)
    assert report["integrity"]["reasons"]
