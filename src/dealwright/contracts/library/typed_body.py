"""The clause tree as the editor's form sends it, and what its buttons do to it unsaved."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import count
from typing import Any

from dealwright.contracts.clauses.models import Clause
from dealwright.contracts.clauses.services import as_template_clause

_WISH = re.compile(r"^(section|clause)-(add|up|down|remove):(\d{1,3})(?:\.(\d{1,3}))?$", re.ASCII)
_NEW_CLAUSE = {"uid": "", "heading": "", "text": "", "condition": "", "locked": False}


def typed_body(
    post: Mapping[str, str],
    was: Mapping[str, Any],
    library: Mapping[str, Clause],
    *,
    unfinished: bool = False,
) -> dict[str, Any]:
    """The tree of the form. A clause without text goes; one without a known ``uid`` is new, and
    takes its text from the library where one is chosen there.

    ``unfinished`` keeps what has no text yet, for a form that is shown again.
    """
    parts = [part for section in was["sections"] for part in (section, *section["clauses"])]
    known = {part["uid"]: part for part in parts}
    taken = set(known)
    sections = []
    for first in count():
        start = f"s{first}"
        if f"{start}-heading" not in post:
            break
        old = known.get(_uid(post, start, was["sections"], first), {"clauses": []})
        uid = old.get("uid") or ("" if unfinished else _free_uid("section", taken))
        clauses = []
        for second in count():
            name = f"{start}c{second}"
            if f"{name}-text" not in post and f"{name}-library" not in post:
                break
            clause = _typed_clause(
                post, name, known.get(_uid(post, name, old["clauses"], second), {}), library
            )
            if not clause["text"] and not unfinished:
                continue
            clause["uid"] = clause.get("uid") or (
                "" if unfinished else _free_uid(uid or "clause", taken)
            )
            clauses.append(clause)
        heading = post[f"{start}-heading"].strip()
        if clauses or heading or unfinished:
            sections.append({"uid": uid, "heading": heading, "clauses": clauses})
    body = {
        **was,
        "title": post.get("title", "").strip(),
        "variables": _typed_variables(post),
        "sections": sections,
    }
    return _in_language(body, post.get("language"))


def rearranged(body: Mapping[str, Any], wish: str) -> tuple[dict[str, Any], str]:
    """The tree after a button of the editor, and the name of the field to go on with.

    ``wish`` is what happens to which section or clause: ``clause-add:0.2`` puts a new clause
    before the third of the first section. One that makes no sense changes nothing.
    """
    sections = [{**each, "clauses": list(each["clauses"])} for each in body["sections"]]
    found = _WISH.match(wish)
    focus = ""
    if found:
        of, what, first = found[1], found[2], int(found[3])
        if of == "section":
            at = _do(sections, what, first, {"uid": "", "heading": "", "clauses": [_NEW_CLAUSE]})
            focus = f"s{at}-heading" if at is not None else ""
        elif first < len(sections) and found[4] is not None:
            clauses = sections[first]["clauses"]
            at = _do(clauses, what, int(found[4]), _NEW_CLAUSE)
            focus = f"s{first}c{at}-heading" if at is not None else f"s{first}-heading"
    return {**body, "sections": sections}, focus


def _do(parts: list[Any], what: str, at: int, new: Mapping[str, Any]) -> int | None:
    """Change the list; the place to go on with, or None where there is none."""
    if at > len(parts) or (what != "add" and at == len(parts)):
        return None
    match what:
        case "add":
            parts.insert(at, {**new})
            return at
        case "remove":
            del parts[at]
            return min(at, len(parts) - 1) if parts else None
        case _:
            to = at - 1 if what == "up" else at + 1
            if not 0 <= to < len(parts):
                return at
            parts[at], parts[to] = parts[to], parts[at]
            return to


def _uid(post: Mapping[str, str], name: str, old: list[Any], at: int) -> str:
    """Which part of the tree a place of the form is: as it says, else the one that was there."""
    if f"{name}-uid" in post:
        return post[f"{name}-uid"]
    return str(old[at]["uid"]) if at < len(old) else ""


def _typed_clause(
    post: Mapping[str, str], name: str, known: Mapping[str, Any], library: Mapping[str, Clause]
) -> dict[str, Any]:
    text = post.get(f"{name}-text", "").replace("\r\n", "\n").strip()
    condition = post.get(f"{name}-condition", "").strip()
    chosen = library.get(post.get(f"{name}-library", ""))
    if not text and not known and chosen is not None:
        clause = {**as_template_clause(chosen), "condition": condition}
    else:
        clause = {
            # Where it came from and what it is of stay with it.
            **known,
            "heading": post.get(f"{name}-heading", "").strip(),
            "text": text,
            "condition": condition,
            "locked": f"{name}-locked" in post,
        }
    return _in_language(clause, post.get(f"{name}-language"))


def _in_language(part: dict[str, Any], language: str | None) -> dict[str, Any]:
    """With the language that was chosen; a part without one has no such key."""
    if language is not None:
        part["language"] = language
    if not part.get("language"):
        part.pop("language", None)
    return part


def _typed_variables(post: Mapping[str, str]) -> list[dict[str, Any]]:
    variables = []
    for place in count():
        if f"key-{place}" not in post:
            break
        key = post[f"key-{place}"].strip()
        label = post.get(f"label-{place}", "").strip()
        if not key and not label:
            continue
        choices = post.get(f"choices-{place}", "").split(";")
        variables.append(
            {
                "key": key,
                "label": label,
                "kind": post.get(f"kind-{place}", "text"),
                "source": post.get(f"source-{place}", ""),
                "required": f"required-{place}" in post,
                "default": post.get(f"default-{place}", "").strip(),
                "choices": [each.strip() for each in choices if each.strip()],
            }
        )
    return variables


def _free_uid(start: str, taken: set[str]) -> str:
    uid = next(each for each in (f"{start}_{n}" for n in count(1)) if each not in taken)
    taken.add(uid)
    return uid
