"""One package: everything that is checked, claim by claim."""

from __future__ import annotations

import hashlib
import mmap
import re
import tempfile
from pathlib import Path
from typing import Any

from dealwright.signing.evidence.verifier.der import content_type, read_timestamp, tlv
from dealwright.signing.evidence.verifier.log import Log
from dealwright.signing.evidence.verifier.reading import Members
from dealwright.signing.evidence.verifier.vocabulary import (
    ACTS,
    BLOCK,
    BYTE_RANGE,
    MANIFEST,
    SIGNATURE,
    TIMESTAMP_INFO,
    Report,
    Unreadable,
)


class Package(Log):
    """One package while it is checked: its log, then its documents, people and seals."""

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
                    _way(each["payload"])
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

    def check_trust(self) -> None:
        if self.trust is None:
            message = "No root was given (--trust): nothing is said about whose seal it is."
            self.report.doubt("trust", "no_root", message)
        elif (self.folder / SIGNATURE).exists():
            self.check_owner(SIGNATURE, MANIFEST, SIGNATURE)

    # Reading


def _way(said: Any) -> str:
    """How somebody showed who they are, and what a provider checked of them."""
    way = str(said.get("method", "code"))
    if not said.get("assurance"):
        return way
    by = said.get("organization") or said.get("provider")
    return "{} ({} by {}, {})".format(way, said["assurance"], by, said.get("checked_at"))


def check(path: Any, trust: Any = None, tsa_roots: Any = None, openssl: str = "openssl") -> Report:
    """The report on a package; raises Unreadable where there is nothing at ``path``."""
    report = Report()
    if not Path(path).exists():
        raise Unreadable(f"There is nothing at {path}.")
    with tempfile.TemporaryDirectory(prefix="evidence-") as folder:
        Package(path, report, Path(folder), trust, tsa_roots, openssl).check()
    return report
