"""A clause's text as a reader sees it, and what differs between two. No Django models here."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from dealwright.contracts.library.clauses import INSERT

Kind = Literal["text", "value", "clause", "unknown"]
Change = Literal["same", "added", "removed"]
_WORDS = re.compile(r"\S+|\s+")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of text, or what stands for a value, another clause, or a value that no
    template has."""

    kind: Kind
    text: str


def paragraphs_of(text: str, labels: Mapping[str, str]) -> list[list[Part]]:
    """The paragraphs in parts; ``labels`` names the values by key."""
    return [_parts(each.strip(), labels) for each in text.split("\n\n") if each.strip()]


def _parts(paragraph: str, labels: Mapping[str, str]) -> list[Part]:
    parts: list[Part] = []
    at = 0
    for found in INSERT.finditer(paragraph):
        if found.start() > at:
            parts.append(Part("text", paragraph[at : found.start()]))
        key = found.group(1)
        if key.startswith("#"):
            parts.append(Part("clause", key[1:]))
        else:
            parts.append(Part("value" if key in labels else "unknown", labels.get(key, key)))
        at = found.end()
    if at < len(paragraph):
        parts.append(Part("text", paragraph[at:]))
    return parts


def compare_texts(before: str, after: str) -> Sequence[tuple[Change, str]]:
    """``after`` against ``before``, word by word."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    changes: list[tuple[Change, str]] = []
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag == "equal":
            changes.append(("same", "".join(old[old_from:old_to])))
            continue
        if old_to > old_from:
            changes.append(("removed", "".join(old[old_from:old_to])))
        if new_to > new_from:
            changes.append(("added", "".join(new[new_from:new_to])))
    return changes
