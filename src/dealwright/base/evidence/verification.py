"""Checking evidence: is every entry there, unchanged, in order, and up to the anchored head?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from dealwright.base.errors import NotFound
from dealwright.base.evidence.models import EvidenceChain, EvidenceEntry, EvidenceLeaf
from dealwright.base.evidence.services import START, canonical_entry, hash_entry

_MOST_PROBLEMS = 100  # of one chain: a cut in the middle would else name every entry after it


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at an entry (``seq``; 0 for the chain as a whole).

    ``code`` is one of changed, missing, reordered, truncated, anchor.
    """

    seq: int
    code: str
    message: str


@dataclass(slots=True)
class Verification:
    """What came of checking a chain; ``problems`` is empty for a sound one."""

    chain: str
    entries: int = 0
    head: str = START
    anchored: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    problems: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems

    @property
    def summary(self) -> str:
        """One sentence for a person."""
        if self.problems:
            return f"{self.chain}: {self.problems[0].message}"
        anchored = f", anchored up to entry {self.anchored}" if self.anchored else ""
        return f"{self.chain}: {self.entries} entries, unbroken{anchored}."

    def _add(self, seq: int, code: str, message: str) -> None:
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(Problem(seq, code, message))


def verify_chain(chain: str) -> Verification:
    """Check one chain from its first entry to its head and against its anchors.

    Reads the entries once, in bounded memory. Raises NotFound where nothing, not even an
    anchor, knows the chain.
    """
    head = EvidenceChain.objects.filter(key=chain).first()
    leaves = dict(EvidenceLeaf.objects.filter(chain_key=chain).values_list("seq", "hash"))
    result = Verification(chain, anchored=max(leaves, default=0))
    _check_entries(result, leaves)
    if head is None:
        if not result.entries and not leaves:
            raise NotFound(f"There is no evidence chain “{chain}”.")
        result._add(0, "missing", "The chain's head record is missing.")
    else:
        _check_head(result, head)
    for seq in sorted(leaves):
        if seq > result.entries:
            result._add(
                seq,
                "truncated",
                f"Entry {seq} was anchored, but the chain ends at {result.entries}.",
            )
    return result


def verify_all() -> Iterator[Verification]:
    """Check every chain that a head record or an anchor knows, by key."""
    keys = set(EvidenceChain.objects.values_list("key", flat=True))
    keys |= set(EvidenceLeaf.objects.values_list("chain_key", flat=True).distinct())
    for key in sorted(keys):
        yield verify_chain(key)


def _check_entries(result: Verification, leaves: dict[int, str]) -> None:
    """Walk the entries: numbers without gaps, each hash over the one before and its own text."""
    expected, before = 1, START
    entries = EvidenceEntry.objects.filter(chain_id=result.chain).order_by("seq")
    for entry in entries.iterator(chunk_size=1_000):
        if entry.seq != expected:
            gone = (
                f"entry {expected}"
                if entry.seq == expected + 1
                else (f"entries {expected} to {entry.seq - 1}")
            )
            result._add(expected, "missing", f"The chain lacks {gone}.")
        elif entry.prev_hash != before:
            result._add(
                entry.seq, "reordered", f"Entry {entry.seq} does not follow the entry before it."
            )
        if entry.canonical != _canonical(entry):
            result._add(
                entry.seq,
                "changed",
                f"Entry {entry.seq} was changed: its columns do not say what was hashed.",
            )
        if entry.hash != hash_entry(entry.prev_hash, entry.canonical):
            result._add(
                entry.seq, "changed", f"Entry {entry.seq} was changed: its hash does not match."
            )
        if leaves.get(entry.seq, entry.hash) != entry.hash:
            result._add(entry.seq, "anchor", f"Entry {entry.seq} is not the one that was anchored.")
        expected, before = entry.seq + 1, entry.hash
        result.first_at = result.first_at or entry.at
        result.last_at, result.head = entry.at, entry.hash
        result.entries = entry.seq


def _canonical(entry: EvidenceEntry) -> str:
    try:
        return canonical_entry(entry)
    except ValueError:  # a value nobody could have appended
        return ""


def _check_head(result: Verification, head: EvidenceChain) -> None:
    if head.length > result.entries:
        gone = head.length - result.entries
        result._add(
            head.length,
            "truncated",
            f"The chain was cut: {gone} of {head.length} entries are gone.",
        )
    elif head.length < result.entries or head.head != result.head:
        result._add(result.entries, "changed", "The chain's head record does not match its end.")
    elif head.length == 0:
        result._add(0, "missing", "The chain is empty.")
