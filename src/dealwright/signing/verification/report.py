"""The words of a verification: verdicts and reasons of ETSI EN 319 102-1, clause 5.1."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What can be said. INDETERMINATE means: neither proven nor disproven, treat as unproven."""

    PASSED = "TOTAL-PASSED"
    FAILED = "TOTAL-FAILED"
    INDETERMINATE = "INDETERMINATE"


_SEVERITY = {Verdict.PASSED: 0, Verdict.INDETERMINATE: 1, Verdict.FAILED: 2}


@dataclass(frozen=True, slots=True)
class Reason:
    """``code`` is a sub-indication of the standard where there is one, else our own; ``text``
    says it to a person."""

    code: str
    text: str

    def as_json(self) -> dict[str, str]:
        return {"code": self.code, "text": self.text}


@dataclass(slots=True)
class Finding:
    """A verdict that only gets worse, with every reason on the way."""

    verdict: Verdict = Verdict.PASSED
    reasons: list[Reason] = field(default_factory=list)

    def fail(self, code: str, text: str) -> None:
        self._add(Verdict.FAILED, code, text)

    def doubt(self, code: str, text: str) -> None:
        self._add(Verdict.INDETERMINATE, code, text)

    def note(self, code: str, text: str) -> None:
        self._add(Verdict.PASSED, code, text)

    def take(self, other: Finding) -> None:
        self.verdict = max(self.verdict, other.verdict, key=_SEVERITY.__getitem__)
        self.reasons += [reason for reason in other.reasons if reason not in self.reasons]

    def _add(self, verdict: Verdict, code: str, text: str) -> None:
        self.verdict = max(self.verdict, verdict, key=_SEVERITY.__getitem__)
        reason = Reason(code, text)
        if reason not in self.reasons:
            self.reasons.append(reason)

    def as_json(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict.value,
            "reasons": [reason.as_json() for reason in self.reasons],
        }


def together(findings: Iterable[Finding]) -> Finding:
    """The worst of several, with all their reasons."""
    total = Finding()
    for each in findings:
        total.take(each)
    return total
