"""The members and the log of a package."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from dealwright.signing.evidence.verifier.der import (
    certificates,
    is_plain_signature,
    read_timestamp,
)
from dealwright.signing.evidence.verifier.proofs import is_beginning, is_included, moment
from dealwright.signing.evidence.verifier.reading import Members, OpenSSL
from dealwright.signing.evidence.verifier.vocabulary import (
    CLOCKS,
    FORMAT,
    MANIFEST,
    SIGNATURE,
    START,
    Report,
    Unreadable,
)


class Log:
    """The log of a package while it is checked: members, order, details, anchors, times."""

    members: Members

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
