"""The evidence package: whole, checked without us, and nothing in it can be changed unseen."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import zipfile
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from base.evidence.authority import time_stamping_authority
from dealwright.base.errors import Conflict, NotFound
from dealwright.base.evidence.anchors import anchor_chains
from dealwright.base.evidence.models import EvidenceEntry
from dealwright.base.evidence.timestamps import stamp_anchors
from dealwright.base.jobs.running import run_jobs
from dealwright.base.messaging.models import OutboundMessage
from dealwright.base.people.tokens import create_token
from dealwright.signing.commands import run_package
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.envelopes.services import void_envelope
from dealwright.signing.evidence import verify
from dealwright.signing.evidence.package import prepare_package, sign_detached, stream_package
from dealwright.signing.evidence.verifier.der import certificates, children, is_plain_signature
from dealwright.signing.evidence.verifier.vocabulary import START, Report
from dealwright.signing.seals.services import ensure_organisation_seal
from dealwright.site.commands.line import main
from make import acting, make_user
from signing.make import make_envelope, make_sent_envelope, sign_all

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
Members = dict[str, bytes]


def make_completed(**fields: Any) -> Envelope:
    envelope = make_sent_envelope(acting(make_user()), **fields)
    for recipient in envelope.recipients.exclude(role="cc"):
        recipient.refresh_from_db()
        sign_all(recipient, typed="" if recipient.position % 2 else recipient.name)
    run_jobs()
    envelope.refresh_from_db()
    assert envelope.status == "completed"
    return envelope


def packed(envelope: Envelope) -> bytes:
    return b"".join(stream_package(prepare_package(acting(envelope.owner), envelope.pk)))


def members_of(content: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {each: archive.read(each) for each in archive.namelist()}


def written(members: Members, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def signed_anew(members: Members) -> Members:
    """What somebody with the seal key would pack: manifest and signature fit again."""
    manifest = json.loads(members["manifest.json"])
    manifest["members"] = [
        {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in members.items()
        if not name.startswith("manifest.")
    ]
    content = json.dumps(manifest).encode()
    signature = sign_detached(ensure_organisation_seal(), content)
    return {**members, "manifest.json": content, "manifest.p7s": signature}


def mails_with_codes() -> Any:
    return OutboundMessage.objects.filter(purpose="signing.code")


def failures(report: Report) -> set[tuple[str, str, str]]:
    return {
        (claim, each["code"], each["member"])
        for claim, found in report.failures.items()
        for each in found
    }


def codes(report: Report, claim: str) -> set[str]:
    return {each["code"] for each in report.failures[claim]}


@pytest.fixture
def members(settings: Any, tmp_path: Path) -> Members:
    """A package with time stamps: one of the end, one newer, and a newest anchor without."""
    with time_stamping_authority() as authority:
        settings.TSA_URL = authority.url
        envelope = make_completed()
        anchor_chains()
        stamp_anchors()
        make_sent_envelope()
        anchor_chains()
        stamp_anchors()
        found = members_of(packed(envelope))
        (tmp_path / "tsa.pem").write_bytes(authority.root_pem)
        (tmp_path / "root.pem").write_bytes(ensure_organisation_seal().root_pem)
    return found


def test_it_is_checked_without_us_and_without_a_network(members: Members, tmp_path: Path) -> None:
    """By the verifier that is in it, with a bare Python, in a network namespace of its own."""
    path = written(members, tmp_path / "p.zip")
    (tmp_path / "verify.py").write_bytes(members["verify.py"])
    arguments = [
        "/usr/bin/python3" if Path("/usr/bin/python3").exists() else "python3", "-I",
        str(tmp_path / "verify.py"), str(path), "--json", "--trust", str(tmp_path / "root.pem"),
        "--tsa-roots", str(tmp_path / "tsa.pem"),
    ]  # fmt: skip
    alone = ["unshare", "--net"]
    may = subprocess.run([*alone, "true"], capture_output=True, check=False).returncode == 0
    done = subprocess.run(
        [*(alone if may else []), *arguments],
        capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"}, cwd="/",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert {claim: each["verdict"] for claim, each in told["claims"].items()} == dict.fromkeys(
        ("content", "order", "completeness", "time", "identity", "seal", "trust"), "TOTAL-PASSED"
    )
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    assert verify.check(folder).overall == "TOTAL-PASSED"


def test_it_holds_what_happened(members: Members) -> None:
    entries = [json.loads(line) for line in members["events.jsonl"].splitlines()]
    kinds = [json.loads(each["canonical"])["kind"] for each in entries]
    assert kinds[0] == "envelope.sent"
    assert kinds[-1] == "evidence.downloaded"
    strokes = [json.loads(each) for name, each in members.items() if name.endswith("ature.json")]
    assert sorted(bool(each["strokes"]) for each in strokes) == [False, True]
    assert b"203.0.113.7" in members["events.jsonl"]
    assert members["documents/1/sealed.pdf"].startswith(b"%PDF")
    anchors = sorted(name for name in members if name.endswith("anchor.json"))
    stamped = [bool(json.loads(members[name])["timestamps"]) for name in anchors]
    assert stamped == [True, True, False]
    assert members["anchors/1/token-1.certificates.pem"].count(b"BEGIN CERTIFICATE") >= 1
    codes_sent = re.findall(r"\b\d{6}\b", " ".join(each.text for each in mails_with_codes()))
    assert len(codes_sent) == 2
    assert not any(each.encode() in members["events.jsonl"] for each in codes_sent)


@settings(
    max_examples=80, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(data=st.data())
def test_no_change_of_a_member_goes_unseen(
    members: Members, tmp_path: Path, data: st.DataObject
) -> None:
    """Without the key: flip a bit, drop, cut, add, swap. Each is found and named."""
    names = sorted(members)
    how = data.draw(st.sampled_from(["flip", "flip", "flip", "drop", "cut", "add", "swap"]))
    name = data.draw(st.sampled_from(names))
    changed = dict(members)
    named = {name}
    if how == "flip":
        place = data.draw(st.integers(0, len(members[name]) - 1))
        bit = 1 << data.draw(st.integers(0, 7))
        content = bytearray(members[name])
        content[place] ^= bit
        changed[name] = bytes(content)
        expected = "member_changed"
    elif how == "drop":
        del changed[name]
        expected = "member_missing"
    elif how == "cut":
        changed[name] = members[name][: data.draw(st.integers(0, len(members[name]) - 1))]
        expected = "member_changed"
    elif how == "add":
        named = {"recipients/another.json"}
        changed["recipients/another.json"] = b"{}"
        expected = "member_added"
    else:
        other = data.draw(
            st.sampled_from([each for each in names if members[each] != members[name]])
        )
        changed[name], changed[other] = members[other], members[name]
        named = {name, other}
        expected = "member_changed"
    report = verify.check(written(changed, tmp_path / "changed.zip"))
    assert report.overall == "TOTAL-FAILED"
    found = failures(report)
    for each in named:
        if each.startswith("manifest."):
            assert codes(report, "content") & {"manifest_signature", "manifest_unreadable"}
        elif not named & {"manifest.json", "manifest.p7s"}:
            assert ("content", expected, each) in found


def every_bit_of(content: bytes) -> Iterator[bytes]:
    for place in range(len(content)):
        for bit in (0, 3, 7):
            changed = bytearray(content)
            changed[place] ^= 1 << bit
            yield bytes(changed)


def test_no_bit_of_the_signature_is_free(members: Members) -> None:
    """Also what openssl reads past: apart from the attributes and the signature's own number,
    which openssl checks, every bit is where the standard has it."""
    signature = members["manifest.p7s"]
    known = certificates(members["trust/chain.pem"] + members["trust/root.pem"])
    assert is_plain_signature(signature, known)
    free = sum(is_plain_signature(each, known) for each in every_bit_of(signature))
    signed = children(children(signature)[1][1])[0][1]
    info = children(children(signed)[-1][1])[0][1]
    parts = children(info)
    assert free <= 3 * (len(parts[3][1]) + len(parts[5][1]))


def entries_of(members: Members) -> list[dict[str, Any]]:
    return [json.loads(line) for line in members["events.jsonl"].splitlines()]


def with_entries(members: Members, entries: list[dict[str, Any]], **head: Any) -> Members:
    log = b"".join(json.dumps(each).encode() + b"\n" for each in entries)
    chain = {**json.loads(members["chain.json"]), **head}
    return signed_anew({**members, "events.jsonl": log, "chain.json": json.dumps(chain).encode()})


def rehashed(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The whole chain computed anew, as one who owns the database could."""
    before, made = START, []
    for seq, entry in enumerate(entries, start=1):
        said = {**json.loads(entry["canonical"]), "seq": seq}
        canonical = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        digest = hashlib.sha256(bytes.fromhex(before) + canonical.encode()).hexdigest()
        made.append({**entry, "canonical": canonical, "prev_hash": before, "hash": digest})
        before = digest
    return made


def test_who_owns_the_seal_key_cannot_change_the_log_either(
    members: Members, tmp_path: Path
) -> None:
    """Packed and signed anew, after each kind of change: found by name."""
    entries = entries_of(members)
    middle = len(entries) // 2
    cut = entries[:-1]
    shorter = rehashed([*entries[:middle], *entries[middle + 1 :]])
    swapped = [*entries]
    swapped[2], swapped[3] = swapped[3], swapped[2]
    told = json.loads(entries[middle]["canonical"])
    changed = {**entries[middle], "canonical": json.dumps({**told, "kind": "recipient.declined"})}
    detailed = next(at for at, each in enumerate(entries) if "details" in each)
    detail = {**entries[detailed], "details": '{"ip":"198.51.100.1"}'}
    cases: dict[str, tuple[Members, str, str]] = {
        "an entry taken out": (
            with_entries(members, [*entries[:middle], *entries[middle + 1 :]]),
            "completeness", "entry_missing",
        ),
        "two entries swapped": (with_entries(members, swapped), "order", "entry_reordered"),
        "an entry twice": (with_entries(members, [*entries, entries[-1]]), "order", "entry_twice"),
        "the end cut": (with_entries(members, cut), "completeness", "log_truncated"),
        "the end cut and the head set back": (
            with_entries(members, cut, length=len(cut), head=cut[-1]["hash"]),
            "completeness", "log_truncated",
        ),
        "an entry changed": (
            with_entries(members, [*entries[:middle], changed, *entries[middle + 1 :]]),
            "content", "entry_changed",
        ),
        "the chain computed anew": (
            with_entries(members, shorter, length=len(shorter), head=shorter[-1]["hash"]),
            "completeness", "anchor_mismatch",
        ),
        "a detail changed": (
            with_entries(members, [*entries[:detailed], detail, *entries[detailed + 1 :]]),
            "content", "details_changed",
        ),
    }  # fmt: skip
    for what, (made, claim, code) in cases.items():
        report = verify.check(written(made, tmp_path / "changed.zip"))
        assert code in codes(report, claim), (what, failures(report))


def test_nor_the_files_that_the_log_names(members: Members, tmp_path: Path) -> None:
    """The same for documents, signatures, consents, anchors and time stamps."""
    sealed = bytearray(members["documents/1/sealed.pdf"])
    sealed[len(sealed) // 3] ^= 1
    unsigned = members["documents/1/sealed.pdf"].replace(b"/ByteRange", b"/Bytxxxxxx")
    ink = next(name for name in members if name.endswith("signature.json"))
    fields = next(name for name in members if name.endswith("fields.json"))
    consent = next(name for name in members if name.startswith("consents/"))
    anchor = json.loads(members["anchors/3/anchor.json"])
    other_root = {**anchor, "root": "ab" * 32}
    first = json.loads(members["anchors/1/anchor.json"])
    forked = {**first, "consistency": ["cd" * 32, *first["consistency"][1:]]}
    cases: dict[str, tuple[Members, str, str]] = {
        "a byte of a sealed PDF": (
            {"documents/1/sealed.pdf": bytes(sealed)}, "seal", "seal_signature"
        ),
        "a sealed PDF of another hash": (
            {"documents/1/sealed.pdf": members["documents/1/sealed.pdf"] + b"\n"},
            "content", "document_changed",
        ),
        "a PDF without a seal": ({"documents/1/sealed.pdf": unsigned}, "seal", "seal_missing"),
        "another original": (
            {"documents/1/original.pdf": members["documents/1/prepared.pdf"]},
            "content", "document_changed",
        ),
        "other ink": ({ink: members[ink].replace(b"0", b"1", 1)}, "content", "document_changed"),
        "other values": ({fields: b"[]"}, "content", "document_changed"),
        "another consent": ({consent: b"Agreed.\nTo all."}, "content", "document_changed"),
        "another root": (
            {"anchors/3/anchor.json": json.dumps(other_root).encode()},
            "completeness", "anchor_proof",
        ),
        "a fork of the tree": (
            {"anchors/1/anchor.json": json.dumps(forked).encode()},
            "completeness", "anchor_inconsistent",
        ),
        "the stamp of another anchor": (
            {"anchors/1/token-1.tsr": members["anchors/2/token-1.tsr"]}, "time", "timestamp_other"
        ),
    }  # fmt: skip
    for what, (change, claim, code) in cases.items():
        made = signed_anew({**members, **change})
        report = verify.check(written(made, tmp_path / "changed.zip"))
        assert code in codes(report, claim), (what, failures(report))
    gone = {name: each for name, each in members.items() if name != ink}
    report = verify.check(written(signed_anew(gone), tmp_path / "changed.zip"))
    assert ("content", "document_missing", ink) in failures(report)


def test_another_root_is_not_trusted(members: Members, tmp_path: Path) -> None:
    path = written(members, tmp_path / "p.zip")
    report = verify.check(path, trust=tmp_path / "tsa.pem", tsa_roots=tmp_path / "root.pem")
    assert codes(report, "trust") == {"not_trusted"}
    assert codes(report, "time") == {"authority_untrusted"}
    report = verify.check(path, openssl="/nonexistent/openssl")
    assert report.overall == "INDETERMINATE"
    assert "no_openssl" in {each["code"] for each in report.doubts["seal"]}


def test_what_is_no_package_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "no.zip").write_bytes(b"PK\x03\x04 no")
    assert verify.main([str(tmp_path / "no.zip")]) == 1
    assert "not_readable" in capsys.readouterr().out
    assert verify.main([str(tmp_path / "nothing.zip")]) == 2
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    assert verify.main([str(tmp_path / "empty.zip")]) == 1


def test_an_open_envelope_has_none_and_strangers_get_none() -> None:
    owner = acting(make_user())
    for envelope in (make_envelope(owner), make_sent_envelope(owner)):
        with pytest.raises(Conflict, match="when the envelope has ended"):
            prepare_package(owner, envelope.pk)
    void_envelope(owner, envelope.pk, reason="Not needed.")
    with pytest.raises(NotFound):
        prepare_package(acting(make_user("Stranger")), envelope.pk)
    assert not EvidenceEntry.objects.filter(kind="evidence.downloaded").exists()


def test_a_voided_envelope_has_one_without_a_seal(tmp_path: Path) -> None:
    owner = acting(make_user())
    envelope = void_envelope(owner, make_sent_envelope(owner).pk, reason="Not needed.")
    path = written(members_of(packed(envelope)), tmp_path / "p.zip")
    report = verify.check(path)
    assert not failures(report)
    assert report.overall == "TOTAL-PASSED"
    assert report.verdict("seal") == "INDETERMINATE"


def test_it_is_taken_by_page_api_and_command(tmp_path: Path) -> None:
    envelope = make_completed()
    client = Client()
    client.force_login(envelope.owner)
    page = client.get(f"{envelope.url}?tab=evidence").content.decode()
    assert f"/envelopes/{envelope.pk}/evidence.zip" in page
    answer = client.get(f"/envelopes/{envelope.pk}/evidence.zip")
    (tmp_path / "page.zip").write_bytes(b"".join(answer.streaming_content))
    token = create_token(acting(envelope.owner), name="Test", scopes=["signing:read"]).secret
    answer = client.get(
        f"/api/v1/envelopes/{envelope.pk}/evidence/package",
        headers={"Authorization": f"Bearer {token}"},
    )
    (tmp_path / "api.zip").write_bytes(b"".join(answer.streaming_content))
    target = tmp_path / "command.zip"
    asked = Namespace(envelope=str(envelope.pk), output=target, json=True)
    assert run_package(asked) == 0
    root = tmp_path / "root.pem"
    root.write_bytes(ensure_organisation_seal().root_pem)
    for name in ("page.zip", "api.zip", "command.zip"):
        assert main(["sign", "verify-package", str(tmp_path / name), "--trust", str(root)]) == 0
    taken = EvidenceEntry.objects.filter(chain_id=envelope.chain, kind="evidence.downloaded")
    assert [(each.actor_name, each.via) for each in taken.order_by("seq")] == [
        (envelope.owner.name, "web"),
        (envelope.owner.name, "api"),
        ("Command line", "cli"),
    ]
