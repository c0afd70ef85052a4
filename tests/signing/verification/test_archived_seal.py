"""Our own seal of level B-LTA: whatever is taken out, moved or changed is found and named."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealwright.signing.documents.normalising import normalise_pdf
from dealwright.signing.seals.keys import SealKey, ensure_seal_key, revocation_list
from dealwright.signing.seals.sealing import Proof, as_asn1, seal_pdf
from dealwright.signing.seals.services import read_certificates
from dealwright.signing.seals.timestamps import HttpTimeStamper
from dealwright.signing.verification.policy import verify_pdf
from signing.authorities import Authorities, authorities
from signing.make import make_pdf
from signing.verification.outsider import body_of, number_of, update

PASSED, FAILED, UNKNOWN = "TOTAL-PASSED", "TOTAL-FAILED", "INDETERMINATE"
LIST = "http://localhost:8000/signing/root.crl"


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authorities]:
    with authorities(tmp_path_factory.mktemp("pki")) as made:
        yield made


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def key(home: Path) -> SealKey:
    return ensure_seal_key(home, organisation="Dealwright Ltd", list_url=LIST)


def sealed_at(level: str, key: SealKey, pki: Authorities, home: Path) -> bytes:
    roots = read_certificates(pki.root_pem)
    return seal_pdf(
        normalise_pdf(make_pdf("Price: 12 000 EUR", pages=2)).pdf,
        key=key,
        reason="All parties have signed.",
        profile=level,
        timestamper=HttpTimeStamper([pki.tsa], roots=roots),
        proof=Proof(
            roots=(as_asn1(key.root), *roots),
            lists=(revocation_list(home, []),),
            private_hosts=("127.0.0.1",),
        ),
    )


@pytest.fixture(scope="module")
def archived(key: SealKey, pki: Authorities, home: Path) -> bytes:
    return sealed_at("B-LTA", key, pki, home)


def refused(pdf: bytes) -> set[str]:
    """The reasons; at least one, since what is given here was changed."""
    found = verify_pdf(pdf)["integrity"]
    assert found["verdict"] in (FAILED, UNKNOWN)
    assert found["reasons"]
    return {reason["code"] for reason in found["reasons"]}


def ends(pdf: bytes) -> list[int]:
    """Where each version of the file ends."""
    return [each.end() for each in re.finditer(rb"%%EOF\r?\n?", pdf)]


def ranges(pdf: bytes) -> list[tuple[int, int, int]]:
    """Where each signature's value begins and ends, and the signed bytes end."""
    found = re.findall(rb"/ByteRange \[0 (\d+) (\d+) (\d+)\]", pdf)
    numbers = [tuple(int(each) for each in one) for one in found]
    return [(start, after, after + length) for start, after, length in numbers]


def test_it_passes_as_it_was_made(
    archived: bytes, key: SealKey, pki: Authorities, home: Path
) -> None:
    report = verify_pdf(archived, trust=key.root_pem, clocks=pki.root_pem)
    assert (report["integrity"]["verdict"], report["trust"]["verdict"]) == (PASSED, PASSED)
    assert [each["kind"] for each in report["signatures"]] == ["signature", "timestamp"]
    for level in ("B-B", "B-T", "B-LT"):
        sealed = sealed_at(level, key, pki, home)
        assert verify_pdf(sealed)["integrity"]["verdict"] == PASSED


def test_the_document_time_stamp_cut_off_is_found(archived: bytes) -> None:
    """What is left is a whole file with a sound seal, which says that it was more."""
    assert len(ranges(archived)) == 2
    for end in ends(archived):
        if ranges(archived)[0][2] <= end < len(archived):
            assert refused(archived[:end]) == {"PROOF_MISSING"}


def test_validation_data_cut_off_is_found(key: SealKey, pki: Authorities, home: Path) -> None:
    filed = sealed_at("B-LT", key, pki, home)
    (_, _, end) = ranges(filed)[0]
    assert end < len(filed)
    assert refused(filed[:end]) == {"PROOF_MISSING"}


def without_dss(pdf: bytes) -> bytes:
    number = number_of(pdf)
    return update(pdf, {number: re.sub(rb"/DSS \d+ 0 R", b"", body_of(pdf, number))})


def emptied_dss(pdf: bytes) -> bytes:
    return update(pdf, {number_of(pdf, "/DSS"): b"<< /Type /DSS /Certs [] /CRLs [] >>"})


def without_a_vri_entry(pdf: bytes) -> bytes:
    number = number_of(pdf, "/DSS")
    with pikepdf.open(io.BytesIO(pdf)) as document:
        store = document.Root.DSS
        (name,) = store.VRI
        del store.VRI[name]
        return update(pdf, {number: store.unparse()})


def without_the_stamp_s_field(pdf: bytes) -> bytes:
    field = number_of(pdf, "/AcroForm", "/Fields", 1)
    return update(pdf, {field: re.sub(rb"/V \d+ 0 R", b"", body_of(pdf, field))})


def swapped_pages(pdf: bytes) -> bytes:
    number = number_of(pdf, "/Pages")
    body = body_of(pdf, number)
    one, two = (number_of(pdf, "/Pages", "/Kids", at) for at in (0, 1))
    kids = re.search(rb"/Kids\s*\[[^\]]*\]", body)
    assert kids
    return update(pdf, {number: body.replace(kids[0], b"/Kids [ %d 0 R %d 0 R ]" % (two, one))})


def exchanged_versions(pdf: bytes) -> bytes:
    """The last two updates in the other order."""
    first, second, third = ends(pdf)[-3:] if len(ends(pdf)) > 2 else (0, *ends(pdf)[-2:])
    return pdf[:first] + pdf[second:third] + pdf[first:second]


def version_repeated(pdf: bytes) -> bytes:
    first, second = ends(pdf)[-2:]
    return pdf[:second] + pdf[first:second]


def version_left_out(pdf: bytes) -> bytes:
    """The update with the seal is not there; the one with the time stamp is."""
    first, second = ends(pdf)[-3:-1]
    return pdf[:first] + pdf[second:]


TAKEN: dict[str, Callable[[bytes], bytes]] = {
    each.__name__: each
    for each in (
        without_dss,
        emptied_dss,
        without_a_vri_entry,
        without_the_stamp_s_field,
        swapped_pages,
        exchanged_versions,
        version_repeated,
        version_left_out,
    )
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_taken_out_or_moved_is_found(archived: bytes, name: str) -> None:
    assert refused(TAKEN[name](archived))


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("part", [0, 1, 2])
@pytest.mark.parametrize("by", [-1, 1, 100])
def test_a_moved_byte_range_is_found(archived: bytes, which: int, part: int, by: int) -> None:
    found = list(re.finditer(rb"/ByteRange \[0 (\d+) (\d+) (\d+)\] *", archived))[which]
    numbers = [int(each) for each in found.groups()]
    numbers[part] += by
    written = b"/ByteRange [0 %d %d %d]" % tuple(numbers)
    changed = archived[: found.start()] + written.ljust(len(found[0])) + archived[found.end() :]
    assert refused(changed)


def test_a_flipped_byte_in_any_object_is_found(archived: bytes) -> None:
    """In the middle of each: pages, texts, fonts, form, fields, seal, certificates, lists."""
    values = ranges(archived)
    for found in re.finditer(rb"[\r\n]\d+ 0 obj(.*?)endobj", archived, re.DOTALL):
        place = (found.start(1) + found.end(1)) // 2
        if any(start <= place < after for start, after, _ in values):
            continue
        changed = bytearray(archived)
        changed[place] ^= 1
        assert refused(bytes(changed)) - {"OK"}


@settings(max_examples=60)
@given(data=st.data())
def test_a_flipped_byte_anywhere_is_found(archived: bytes, data: st.DataObject) -> None:
    values = ranges(archived)
    place = data.draw(
        st.integers(0, len(archived) - 1).filter(
            lambda at: not any(start <= at < after for start, after, _ in values)
        )
    )
    changed = bytearray(archived)
    changed[place] ^= data.draw(st.integers(1, 255))
    refused(bytes(changed))


@settings(max_examples=40)
@given(data=st.data())
def test_a_piece_taken_out_or_put_in_is_found(archived: bytes, data: st.DataObject) -> None:
    """The values of both signatures included: their room is measured."""
    start = data.draw(st.integers(0, len(archived) - 2))
    if data.draw(st.booleans()):
        length = data.draw(st.integers(1, min(200, len(archived) - 1 - start)))
        changed = archived[:start] + archived[start + length :]
        if archived[start:].strip(b"\r\n") == archived[start : start + length].strip(b"\r\n"):
            return
    else:
        changed = (
            archived[:start] + data.draw(st.binary(min_size=1, max_size=50)) + archived[start:]
        )
    if changed.rstrip(b"\r\n \0\t\f") != archived.rstrip(b"\r\n \0\t\f"):
        refused(changed)
