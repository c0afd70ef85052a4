#!/usr/bin/env python3
"""Checks an evidence package of an envelope: verify.py PACKAGE [--trust ROOT.pem] [--json]

Stand-alone: Python's standard library (3.9 or newer) and the program ``openssl``, no network,
nothing else of Dealwright. PACKAGE is the ZIP file or the folder it was unpacked to. For each of
seven claims it gives TOTAL-PASSED, TOTAL-FAILED or INDETERMINATE (the words of ETSI EN 319 102-1)
with named reasons.

Exit status: 0 nothing failed and content, order, completeness and seal are shown; 1 something
failed; 2 there is nothing to check at PACKAGE; 3 nothing failed, but one of the four is not shown.
"""

# ruff: noqa: UP017  Python 3.9 must read it

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import mmap
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

PASSED, FAILED, OPEN = "TOTAL-PASSED", "TOTAL-FAILED", "INDETERMINATE"
CLAIMS = {
    "content": "every file is the one that was packed, and the documents are those of the log",
    "order": "each entry of the log follows the one before it",
    "completeness": "no entry of the log is missing",
    "time": "the log existed when an independent authority says so",
    "identity": "who acted agreed to sign electronically and showed who they are",
    "seal": "the sealed documents are unchanged since they were sealed",
    "trust": "the seal belongs to whom you trust",
}
REQUIRED = ("content", "order", "completeness", "seal")
FORMAT = "dealwright-evidence/1"
MANIFEST, SIGNATURE = "manifest.json", "manifest.p7s"
START = "0" * 64
BLOCK = 1 << 20
MOST_JSON = 64 << 20  # bytes: what is read whole; documents are read in pieces
CLOCKS = timedelta(seconds=60)
ACTS = {"recipient.signed", "recipient.approved", "recipient.acknowledged"}
HASHES = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
TIMESTAMP_INFO = "1.2.840.113549.1.9.16.1.4"
BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")


class Unreadable(Exception):
    """A member, or the whole, cannot be read."""


class Report:
    """What was found, claim by claim."""

    def __init__(self) -> None:
        self.failures: dict[str, list[dict[str, str]]] = {claim: [] for claim in CLAIMS}
        self.doubts: dict[str, list[dict[str, str]]] = {claim: [] for claim in CLAIMS}
        self.shown: dict[str, list[str]] = {claim: [] for claim in CLAIMS}
        self.required = list(REQUIRED)
        self.envelope = ""

    def fail(self, claim: str, code: str, message: str, member: str = "") -> None:
        self._add(self.failures[claim], code, message, member)

    def doubt(self, claim: str, code: str, message: str, member: str = "") -> None:
        self._add(self.doubts[claim], code, message, member)

    def show(self, claim: str, message: str) -> None:
        self.shown[claim].append(message)

    def verdict(self, claim: str) -> str:
        if self.failures[claim]:
            return FAILED
        return OPEN if self.doubts[claim] or not self.shown[claim] else PASSED

    @property
    def overall(self) -> str:
        verdicts = {claim: self.verdict(claim) for claim in CLAIMS}
        if FAILED in verdicts.values():
            return FAILED
        return PASSED if all(verdicts[each] == PASSED for each in self.required) else OPEN

    def as_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "envelope": self.envelope,
            "verdict": self.overall,
            "claims": {
                claim: {
                    "meaning": meaning,
                    "verdict": self.verdict(claim),
                    "failures": self.failures[claim],
                    "doubts": self.doubts[claim],
                    "shown": self.shown[claim],
                }
                for claim, meaning in CLAIMS.items()
            },
        }

    @staticmethod
    def _add(found: list[dict[str, str]], code: str, message: str, member: str) -> None:
        entry = {"code": code, "message": message, "member": member}
        if len(found) < 200 and entry not in found:
            found.append(entry)


class Members:
    """The files of a package, in a ZIP file or in a folder."""

    def __init__(self, path: Any) -> None:
        self.path = Path(path)
        self.archive: zipfile.ZipFile | None = None
        if self.path.is_dir():
            found = [each for each in self.path.rglob("*") if not each.is_dir()]
            self.names = sorted(each.relative_to(self.path).as_posix() for each in found)
            return
        try:
            self.archive = zipfile.ZipFile(self.path)
            self.names = [each.filename for each in self.archive.infolist()]
        except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
            raise Unreadable(str(error)) from None

    def pieces(self, name: str) -> Iterator[bytes]:
        """The content in pieces; raises Unreadable where it is damaged or not there."""
        try:
            source: Any = (
                (self.path / name).open("rb") if self.archive is None else self.archive.open(name)
            )
            with source:
                while True:
                    piece = source.read(BLOCK)
                    if not piece:
                        return
                    yield piece
        except (
            OSError,
            EOFError,
            KeyError,
            ValueError,
            RuntimeError,
            NotImplementedError,
            zipfile.BadZipFile,
            zlib.error,
        ) as error:
            raise Unreadable(f"{name}: {error}") from None

    def read(self, name: str) -> bytes:
        """The whole content of a small file."""
        parts, size = [], 0
        for piece in self.pieces(name):
            parts.append(piece)
            size += len(piece)
            if size > MOST_JSON:
                raise Unreadable(f"{name} is too large")
        return b"".join(parts)

    def digest(self, name: str) -> tuple[int, str]:
        """(size, SHA-256)"""
        found, size = hashlib.sha256(), 0
        for piece in self.pieces(name):
            found.update(piece)
            size += len(piece)
        return size, found.hexdigest()

    def extract(self, name: str, target: Path) -> None:
        with target.open("wb") as out:
            for piece in self.pieces(name):
                out.write(piece)


class OpenSSL:
    """The program that checks signatures; each answer is (whether it is sound, what it said)."""

    def __init__(self, program: str, folder: Path) -> None:
        self.program, self.folder = shutil.which(program), folder

    def run(self, *arguments: Any) -> tuple[bool | None, str]:
        if self.program is None:
            return None, "the program openssl was not found"
        done = subprocess.run(
            [self.program, *map(str, arguments)],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
            check=False,
        )
        said = done.stdout.decode("utf-8", "replace").strip().splitlines()
        errors = [line for line in said if "error" in line.lower()]
        return done.returncode == 0, (errors or said or [""])[-1]

    def cms(
        self,
        signature: str,
        content: str | None = None,
        roots: str | None = None,
        chain: str | None = None,
        at: float | None = None,
        out: str | None = None,
        signer: str | None = None,
    ) -> tuple[bool | None, str]:
        """Checks a CMS signature; without ``roots`` only that it fits, not whose it is."""
        arguments = ["cms", "-verify", "-binary", "-inform", "DER", "-in", signature]
        if content is not None:
            arguments += ["-content", content]
        arguments += ["-purpose", "any", "-out", out or "verified"]
        arguments += ["-CAfile", roots, "-no-CApath"] if roots else ["-noverify"]
        if chain is not None:
            arguments += ["-certfile", chain]
        if roots and at:
            arguments += ["-attime", str(int(at))]
        if signer is not None:
            arguments += ["-signer", signer]
        return self.run(*arguments)

    def serial(self, certificate: str) -> str:
        sound, said = self.run("x509", "-in", certificate, "-noout", "-serial")
        return said.partition("=")[2].lower().lstrip("0") if sound else ""


def check(path: Any, trust: Any = None, tsa_roots: Any = None, openssl: str = "openssl") -> Report:
    """The report on a package; raises Unreadable where there is nothing at ``path``."""
    report = Report()
    if not Path(path).exists():
        raise Unreadable(f"There is nothing at {path}.")
    with tempfile.TemporaryDirectory(prefix="evidence-") as folder:
        Package(path, report, Path(folder), trust, tsa_roots, openssl).check()
    return report


class Package:
    """One package while it is checked."""

    def __init__(
        self, path: Any, report: Report, folder: Path, trust: Any, tsa_roots: Any, openssl: str
    ) -> None:
        self.path, self.report, self.folder = path, report, folder
        self.trust = str(Path(trust).resolve()) if trust else None
        self.tsa_roots = str(Path(tsa_roots).resolve()) if tsa_roots else None
        self.openssl = OpenSSL(openssl, folder)
        self.entries: list[dict[str, Any]] = []
        self.purged = False
        self.made_at: datetime | None = None

    def check(self) -> None:
        report = self.report
        try:
            self.members = Members(self.path)
        except Unreadable as error:
            report.fail("content", "not_readable", f"This is no readable package: {error}")
            return
        self.check_members()
        steps = (
            ("order", self.check_log),
            ("content", self.check_details),
            ("completeness", self.check_anchors),
            ("content", self.check_documents),
            ("identity", self.check_identity),
            ("seal", self.check_seal),
            ("trust", self.check_trust),
        )
        for claim, step in steps:
            try:
                step()
            except Unreadable as error:
                report.fail("content", "member_damaged", str(error))
                report.doubt(claim, "not_checked", str(error))
            except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
                words = f"{claim} cannot be understood ({type(error).__name__}: {error})"
                report.fail("content", "not_understood", words)
                report.doubt(claim, "not_checked", words)

    # The files

    def check_members(self) -> None:
        report, members = self.report, self.members
        for name in sorted({each for each in members.names if members.names.count(each) > 1}):
            report.fail("content", "member_twice", f"{name} is there more than once.", name)
        listed = {}
        try:
            manifest = self.json(MANIFEST)
            if manifest["format"] != FORMAT:
                raise ValueError("of another format: {}".format(manifest["format"]))
            listed = {each["name"]: each for each in manifest["members"]}
            report.envelope = str(manifest["envelope"])
            self.made_at = moment(manifest["made_at"])
        except (Unreadable, ValueError, KeyError, TypeError, AttributeError) as error:
            message = f"The manifest cannot be read: {error}"
            report.fail("content", "manifest_unreadable", message, MANIFEST)
        self.check_manifest_signature()
        for name in sorted(set(members.names) - set(listed) - {MANIFEST, SIGNATURE}):
            report.fail("content", "member_added", f"{name} was added afterwards.", name)
        for name, promised in listed.items():
            if name not in members.names:
                report.fail("content", "member_missing", f"{name} is missing.", name)
                continue
            try:
                found = members.digest(name)
            except Unreadable as error:
                report.fail("content", "member_damaged", f"{error}", name)
                continue
            if found != (promised["size"], promised["sha256"]):
                message = f"{name} is not the file that was packed."
                report.fail("content", "member_changed", message, name)
        if listed and not report.failures["content"]:
            report.show("content", f"{len(listed)} files are those of the signed manifest")

    def check_manifest_signature(self) -> None:
        """That the manifest was signed by the seal key whose certificates lie in trust/."""
        report = self.report
        try:
            for name in (MANIFEST, SIGNATURE, "trust/root.pem", "trust/chain.pem"):
                self.members.extract(name, self.folder / name.replace("/", "-"))
            signature = (self.folder / SIGNATURE).read_bytes()
            known = certificates((self.folder / "trust-chain.pem").read_bytes())
            known += certificates((self.folder / "trust-root.pem").read_bytes())
        except (Unreadable, ValueError) as error:
            message = f"The manifest's signature cannot be checked: {error}"
            report.fail("content", "manifest_signature", message, SIGNATURE)
            return
        if not is_plain_signature(signature, known):
            # What openssl reads past, such as a changed parameter of an algorithm, is refused too.
            message = "The manifest's signature is not as it was written."
            report.fail("content", "manifest_signature", message, SIGNATURE)
        sound, said = self.openssl.cms(
            SIGNATURE,
            content=MANIFEST,
            roots="trust-root.pem",
            chain="trust-chain.pem",
            at=self.made_at.timestamp() if self.made_at else None,
        )
        if sound is None:
            report.doubt("content", "no_openssl", f"Signatures are not checked: {said}")
        elif not sound:
            message = f"The manifest does not carry the seal's signature: {said}"
            report.fail("content", "manifest_signature", message, SIGNATURE)

    # The log

    def check_log(self) -> None:
        report = self.report
        head = self.json("chain.json")
        for number, line in enumerate(self.members.read("events.jsonl").splitlines(), start=1):
            try:
                kept = json.loads(line)
                said = json.loads(kept["canonical"])
                self.entries.append(dict(kept, said=said, seq=int(said["seq"])))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                message = f"Line {number} of the log cannot be read: {error}"
                report.fail("content", "entry_changed", message, "events.jsonl")
        found = [each["seq"] for each in self.entries]
        if found != sorted(found):
            message = "The entries of the log are not in their order."
            report.fail("order", "entry_reordered", message, "events.jsonl")
        if len(set(found)) != len(found):
            report.fail("order", "entry_twice", "An entry stands twice in the log.", "events.jsonl")
        self.entries.sort(key=lambda each: each["seq"])
        before, expected = START, 1
        for entry in self.entries:
            before, expected = self.check_entry(entry, before, expected, head["key"])
        length = int(head["length"])
        if expected - 1 < length:
            message = f"The log was cut: it ends at entry {expected - 1} of {length}."
            report.fail("completeness", "log_truncated", message, "events.jsonl")
        elif expected - 1 > length or before != head["head"]:
            message = "The log does not end with the head that was packed."
            report.fail("completeness", "head_mismatch", message, "chain.json")
        if self.entries:
            report.show("order", f"{len(self.entries)} entries, each over the hash before")
        else:
            report.fail("completeness", "log_empty", "The log is empty.", "events.jsonl")
        self.purged = any(each["said"]["kind"] == "envelope.purged" for each in self.entries)

    def check_entry(
        self, entry: dict[str, Any], before: str, expected: int, key: str
    ) -> tuple[str, int]:
        report, seq = self.report, entry["seq"]
        hashed = hashlib.sha256(
            bytes.fromhex(entry["prev_hash"]) + entry["canonical"].encode("utf-8")
        ).hexdigest()
        if hashed != entry["hash"] or entry["said"]["chain"] != key:
            message = f"Entry {seq} was changed: its hash does not match what it says."
            report.fail("content", "entry_changed", message, "events.jsonl")
        if seq > expected:
            message = f"Entry {expected} of the log is missing."
            report.fail("completeness", "entry_missing", message, "events.jsonl")
        elif seq == expected and entry["prev_hash"] != before:
            message = f"Entry {seq} does not follow the entry before it."
            report.fail("order", "entry_unlinked", message, "events.jsonl")
        return entry["hash"], seq + 1

    def check_details(self) -> None:
        """Who and from where: the log holds a salted hash of it, the text lies beside."""
        erased: set[int] = set()
        for entry in self.entries:
            if entry["said"]["kind"] == "envelope.purged":
                erased.update(range(1, entry["seq"]))
            elif entry["said"]["kind"] == "recipient.erased":
                erased.update(entry["said"]["payload"]["erased"])
        for entry in self.entries:
            promised = entry["said"]["payload"].get("details_sha256")
            if not promised:
                continue
            details, seq = entry.get("details"), entry["seq"]
            if details is None and seq not in erased:
                message = f"The details of entry {seq} are missing, and no entry says why."
                self.report.fail("content", "details_missing", message, "events.jsonl")
                continue
            if details is None:
                message = f"The personal details of entry {seq} were erased."
                self.report.doubt("content", "details_erased", message, "events.jsonl")
                continue
            text = "{}\n{}".format(entry.get("salt"), details)
            if hashlib.sha256(text.encode("utf-8")).hexdigest() != promised:
                message = f"The details of entry {seq} are not those it was written with."
                self.report.fail("content", "details_changed", message, "events.jsonl")

    # Anchors and time

    def check_anchors(self) -> None:
        report = self.report
        places = sorted(each for each in self.members.names if each.endswith("/anchor.json"))
        anchors = [(name, self.json(name)) for name in places]
        if not anchors:
            report.doubt("completeness", "not_anchored", "No anchor was packed with the log.")
            report.doubt("time", "not_stamped", "No anchor was packed with the log.")
            return
        newest = max((anchor for _name, anchor in anchors), key=lambda each: each["size"])
        covered, stamped = 0, False
        for name, anchor in anchors:
            seq = self.check_inclusion(name, anchor)
            covered = max(covered, seq)
            if anchor["size"] < newest["size"] and not is_beginning(anchor, newest):
                message = "An anchor is not the beginning of the newest one."
                report.fail("completeness", "anchor_inconsistent", message, name)
            for stamp in anchor["timestamps"]:
                stamped = True
                self.check_timestamp(name.rpartition("/")[0] + "/" + stamp["file"], anchor, seq)
        last = self.entries[-1]["seq"] if self.entries else 0
        if covered >= last:
            report.show("completeness", "the log is anchored up to its last entry")
        else:
            message = f"The entries after {covered} are not anchored."
            report.doubt("completeness", "not_anchored", message)
        if not stamped:
            message = "No authority has stamped an anchor of this log."
            report.doubt("time", "not_stamped", message)

    def check_inclusion(self, name: str, anchor: dict[str, Any]) -> int:
        """That an anchor's root is over the log; returns up to which entry it is."""
        proof = anchor["inclusion"]
        leaf = json.loads(proof["data"])
        seq = int(leaf["seq"])
        by_seq = {each["seq"]: each for each in self.entries}
        if seq not in by_seq:
            message = f"Entry {seq} was anchored, but the log does not have it."
            self.report.fail("completeness", "log_truncated", message, name)
        elif by_seq[seq]["hash"] != leaf["hash"] or by_seq[seq]["said"]["chain"] != leaf["chain"]:
            message = f"Entry {seq} is not the one that was anchored."
            self.report.fail("completeness", "anchor_mismatch", message, name)
        hashed = hashlib.sha256(b"\x00" + proof["data"].encode("utf-8")).digest()
        path = [bytes.fromhex(each) for each in proof["path"]]
        root = bytes.fromhex(anchor["root"])
        if not is_included(hashed, proof["index"], anchor["size"], path, root):
            message = "The proof does not lead from the log to the anchor's root."
            self.report.fail("completeness", "anchor_proof", message, name)
        return seq

    def check_timestamp(self, member: str, anchor: dict[str, Any], seq: int) -> None:
        report = self.report
        self.members.extract(member, self.folder / "token.tsr")
        sound, said = self.openssl.cms("token.tsr", out="token.info")
        if sound is None:
            report.doubt("time", "no_openssl", f"Time stamps are not checked: {said}")
            return
        if not sound:
            report.fail("time", "timestamp", f"The time stamp is not sound: {said}", member)
            return
        stamp = read_timestamp((self.folder / "token.info").read_bytes())
        if stamp["hash"] != hashlib.new(stamp["algorithm"], bytes.fromhex(anchor["root"])).digest():
            message = "The time stamp is not of this anchor."
            report.fail("time", "timestamp_other", message, member)
            return
        at = stamp["at"]
        late = [
            each["seq"]
            for each in self.entries
            if each["seq"] <= seq and moment(each["said"]["at"]) > at + CLOCKS
        ]
        if late:
            message = f"Entry {late[0]} says it is later than the authority that stamped it."
            report.fail("time", "timestamp_earlier", message, member)
            return
        told = f"the log up to entry {seq} existed at {at.strftime('%Y-%m-%d %H:%M:%S UTC')}"
        if self.tsa_roots is None:
            message = f"A time stamp says that {told}; give --tsa-roots to check whose it is."
            report.doubt("time", "authority_unknown", message, member)
            return
        (self.folder / "root.bin").write_bytes(bytes.fromhex(anchor["root"]))
        sound, said = self.openssl.run(
            "ts", "-verify", "-data", "root.bin", "-in", "token.tsr", "-token_in",
            "-CAfile", self.tsa_roots, "-attime", int(at.timestamp()),
        )  # fmt: skip
        if sound:
            report.show("time", told)
        else:
            message = f"The time stamp's authority is none of those you trust: {said}"
            report.fail("time", "authority_untrusted", message, member)

    # Documents

    def check_documents(self) -> None:
        """The documents, signatures and consents are those whose hashes stand in the log."""
        report = self.report
        sent = self.newest("originals")
        promised = []
        if sent is not None:
            for form, key in (("original", "originals"), ("prepared", "documents")):
                for place, wanted in enumerate(sent.get(key) or [], start=1):
                    promised.append((f"documents/{place}/{form}.pdf", wanted))
        for entry in self.entries:
            payload, kind = entry["said"]["payload"], entry["said"]["kind"]
            who = payload.get("recipient")
            if kind == "recipient.consented" and payload.get("sha256"):
                name = "consents/{}-{}.txt".format(payload["language"], payload["consent_version"])
                promised.append((name, payload["sha256"]))
            elif kind in ACTS and payload.get("fields_sha256"):
                promised.append((f"recipients/{who}/fields.json", payload["fields_sha256"]))
        adopted = {}
        for entry in self.entries:
            payload = entry["said"]["payload"]
            if entry["said"]["kind"] == "recipient.adopted":
                name = "recipients/{}/{}.json".format(payload["recipient"], payload["kind"])
                adopted[name] = payload["sha256"]
        for name, wanted in promised + sorted(adopted.items()):
            self.check_hash(name, wanted)
        shown = {each for sent in self.every("originals") for each in sent.get("documents") or []}
        for entry in self.entries:
            if entry["said"]["kind"] in ACTS:
                other = set(entry["said"]["payload"].get("documents") or []) - shown
                if other:
                    message = f"Entry {entry['seq']} is about documents that were never sent."
                    report.fail("content", "other_documents", message, "events.jsonl")
        if promised and not report.failures["content"]:
            report.show("content", "documents, values and signatures are those of the log")

    def check_hash(self, name: str, wanted: str) -> None:
        if name not in self.members.names:
            if self.purged:
                message = f"{name} was destroyed when its time to be kept was over."
                self.report.doubt("content", "purged", message, name)
            else:
                message = f"{name}, which the log names, is missing."
                self.report.fail("content", "document_missing", message, name)
        elif self.members.digest(name)[1] != wanted:
            message = f"{name} is not the one that the log names."
            self.report.fail("content", "document_changed", message, name)

    # Identity

    def check_identity(self) -> None:
        report = self.report
        acted = [each for each in self.entries if each["said"]["kind"] in ACTS]
        if not acted:
            report.doubt("identity", "nobody_acted", "Nobody signed.")
        for entry in acted:
            who = entry["said"]["payload"].get("recipient")
            before = [
                each["said"]
                for each in self.entries
                if each["seq"] < entry["seq"] and each["said"]["payload"].get("recipient") == who
            ]
            kinds = {each["kind"] for each in before}
            label = entry["said"]["actor"]["name"] or who
            if "recipient.consented" not in kinds and entry["said"]["kind"] == "recipient.signed":
                message = f"{label} signed without having agreed to sign electronically."
                report.fail("identity", "no_consent", message, "events.jsonl")
            methods = sorted(
                {
                    str(each["payload"].get("method", "code"))
                    for each in before
                    if each["kind"] == "recipient.authenticated"
                }
            )
            if methods:
                report.show("identity", "{}: {}".format(label, ", ".join(methods)))
            else:
                message = f"{label} held the secret link; nothing else shows who it was."
                report.doubt("identity", "link_alone", message, "events.jsonl")

    # Seal and trust

    def check_seal(self) -> None:
        report = self.report
        sealed = [
            each["said"]["payload"]
            for each in self.entries
            if each["said"]["kind"] in ("envelope.sealed", "envelope.archive_renewed")
            and each["said"]["payload"].get("documents")
        ]
        if not sealed:
            report.required.remove("seal")
            report.doubt("seal", "not_sealed", "The envelope was never sealed.")
            return
        serial = str(sealed[0].get("certificate_serial", "")).lower().lstrip("0")
        for place, wanted in enumerate(sealed[-1]["documents"], start=1):
            name = f"documents/{place}/sealed.pdf"
            self.check_hash(name, wanted)
            if name not in self.members.names:
                report.doubt("seal", "purged" if self.purged else "missing", f"{name} is gone.")
                continue
            self.members.extract(name, self.folder / "sealed.pdf")
            self.check_pdf(name, serial)

    def check_pdf(self, name: str, serial: str) -> None:
        """Every signature of a PDF over the bytes that it names, by openssl."""
        report, path = self.report, self.folder / "sealed.pdf"
        signers: set[str] = set()
        count = 0
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            for found in BYTE_RANGE.finditer(data):
                count += 1
                signature = self.signed_part(data, [int(each) for each in found.groups()])
                if signature is None:
                    message = f"Signature {count} names bytes that are not those around it."
                    report.fail("seal", "byte_range", message, name)
                    continue
                (self.folder / "signature.der").write_bytes(signature)
                if content_type(signature) == TIMESTAMP_INFO:
                    self.check_document_timestamp(name, count)
                else:
                    self.check_signature(name, count, signers)
        if count == 0:
            report.fail("seal", "seal_missing", f"{name} carries no signature.", name)
        elif serial and signers and serial not in signers:
            message = f"{name} is not sealed with the key that the log names."
            report.fail("seal", "seal_other_key", message, name)

    def signed_part(self, data: Any, numbers: list[int]) -> bytes | None:
        """Writes the signed bytes to the file ``signed``; the signature between, or None."""
        start, length, second, rest = numbers
        gap = data[length:second] if length < second <= len(data) else b""
        if start != 0 or second + rest > len(data) or len(gap) < 4 or len(gap) > BLOCK:
            return None
        if gap[:1] != b"<" or gap[-1:] != b">" or not re.fullmatch(rb"[0-9A-Fa-f]+", gap[1:-1]):
            return None
        with (self.folder / "signed").open("wb") as out:
            for begin, end in ((0, length), (second, second + rest)):
                for at in range(begin, end, BLOCK):
                    out.write(data[at : min(at + BLOCK, end)])
        padded = bytes.fromhex(gap[1:-1].decode() + "0" * (len(gap) % 2))
        try:
            end = tlv(padded, 0)[2]
        except ValueError:
            return None
        # Padding of anything but zeros could hide something in the one unsigned place.
        return padded[:end] if not padded[end:].strip(b"\0") else None

    def check_signature(self, name: str, count: int, signers: set[str]) -> None:
        sound, said = self.openssl.cms("signature.der", content="signed", signer="signer.pem")
        if sound is None:
            self.report.doubt("seal", "no_openssl", f"Seals are not checked: {said}")
        elif not sound:
            message = f"Signature {count} of {name} does not fit: {said}"
            self.report.fail("seal", "seal_signature", message, name)
        else:
            signers.add(self.openssl.serial("signer.pem"))
            self.report.show("seal", f"{name}: signature {count} fits its bytes")
            self.check_owner("signature.der", "signed", name)

    def check_document_timestamp(self, name: str, count: int) -> None:
        sound, said = self.openssl.cms("signature.der", out="token.info")
        if sound is None:
            self.report.doubt("seal", "no_openssl", f"Seals are not checked: {said}")
            return
        fits = False
        if sound:
            stamp = read_timestamp((self.folder / "token.info").read_bytes())
            digest = hashlib.new(stamp["algorithm"])
            with (self.folder / "signed").open("rb") as signed:
                for piece in iter(lambda: signed.read(BLOCK), b""):
                    digest.update(piece)
            fits = digest.digest() == stamp["hash"]
        if fits:
            self.report.show("seal", f"{name}: time stamp {count} fits its bytes")
        else:
            message = f"Time stamp {count} of {name} does not fit: {said}"
            self.report.fail("seal", "seal_timestamp", message, name)

    def check_owner(self, signature: str, content: str, name: str) -> None:
        """Whether a signature leads to the root that the reader trusts."""
        if self.trust is None:
            return
        sound, said = self.openssl.cms(
            signature,
            content=content,
            roots=self.trust,
            chain="trust-chain.pem" if (self.folder / "trust-chain.pem").exists() else None,
            at=self.made_at.timestamp() if self.made_at else None,
        )
        if sound:
            self.report.show("trust", f"{name} leads to a root you trust")
        elif sound is not None:
            message = f"{name} does not lead to a root you trust: {said}"
            self.report.fail("trust", "not_trusted", message, name)

    def check_trust(self) -> None:
        if self.trust is None:
            message = "No root was given (--trust): nothing is said about whose seal it is."
            self.report.doubt("trust", "no_root", message)
        elif (self.folder / SIGNATURE).exists():
            self.check_owner(SIGNATURE, MANIFEST, SIGNATURE)

    # Reading

    def json(self, name: str) -> dict[str, Any]:
        found = json.loads(self.members.read(name).decode("utf-8"))
        if not isinstance(found, dict):
            raise ValueError(f"{name} is not as it was written")
        return found

    def every(self, key: str) -> list[dict[str, Any]]:
        return [each["said"]["payload"] for each in self.entries if key in each["said"]["payload"]]

    def newest(self, key: str) -> dict[str, Any] | None:
        found = self.every(key)
        return found[-1] if found else None


def moment(text: str) -> datetime:
    """A time as the log writes it, such as 2026-11-24T10:38:00.123456Z."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)


# Merkle trees (RFC 9162, sections 2.1.3.2 and 2.1.4.2)


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def is_included(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    if not 0 <= index < size:
        return False
    at, last, result = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            result = node(sibling, result)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            result = node(result, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and result == root


def is_beginning(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether the tree of an older anchor is the beginning of the newest one's."""
    size, old_size = new["size"], old["size"]
    old_root, root = bytes.fromhex(old["root"]), bytes.fromhex(new["root"])
    path = [bytes.fromhex(each) for each in old["consistency"]]
    if not 0 < old_size < size or not path:
        return False
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    at, last = old_size - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = path[0]
    for each in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node(each, first), node(each, second)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            second = node(second, each)
        at, last = at >> 1, last >> 1
    return last == 0 and first == old_root and second == root


# DER (ITU-T X.690), as far as it is needed


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


def told(report: Report) -> str:
    """The report for people."""
    lines = ["Envelope {}: {}".format(report.envelope or "(unknown)", report.overall), ""]
    for claim, meaning in CLAIMS.items():
        lines.append(f"{claim:<13} {report.verdict(claim):<13} {meaning}")
        reasons = report.failures[claim] + report.doubts[claim]
        lines += [f"    {each['message']} ({each['code']})" for each in reasons]
        lines += [f"    {each}" for each in report.shown[claim]]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("package", nargs="?", default=str(Path(__file__).resolve().parent))
    parser.add_argument("--trust", help="root certificates of seals that you trust (PEM)")
    parser.add_argument("--tsa-roots", help="root certificates of time stamps you trust (PEM)")
    parser.add_argument("--openssl", default="openssl", help="where the program openssl is")
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    given = parser.parse_args(arguments)
    try:
        report = check(given.package, given.trust, given.tsa_roots, given.openssl)
    except Unreadable as error:
        sys.stderr.write(f"{error}\n")
        return 2
    text = json.dumps(report.as_json(), indent=2, ensure_ascii=True) if given.json else told(report)
    sys.stdout.write(text.encode("utf-8", "replace").decode("utf-8") + "\n")
    return {PASSED: 0, FAILED: 1, OPEN: 3}[report.overall]


if __name__ == "__main__":
    sys.exit(main())
