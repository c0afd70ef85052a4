"""What is claimed of a package, and what was found."""

from __future__ import annotations

import re
from datetime import timedelta
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
