"""The clause tree: what a contract's text is made of, checked before it is kept. No Django here.

    {"title": "Order form", "language": "de",
     "variables": [{"key", "label", "kind", "source", "required", "choices", "default", "help"}],
     "sections": [{"uid", "heading",
                   "clauses": [{"uid", "heading", "text", "condition", "locked", "language"}]}]}

``text`` holds paragraphs; ``[[key]]`` stands for a variable's value and ``[[#uid]]`` for the
number of another clause, which is computed and never typed. ``condition`` is an expression of
the house's language over the variables; a clause whose condition does not hold is left out.
``language`` says what a text is written in, the document's or one clause's own (a contract may
stand in two): values in it are written as that language does. Without one it is the company's.
``source`` names where a variable's value comes from (``account.legal_name``).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from dealwright.base.errors import Invalid
from dealwright.base.language import (
    BOOL,
    DATE,
    STRING,
    LanguageError,
    Type,
    check_condition,
    holds,
    number,
    parse,
    rate,
)
from dealwright.contracts.library.languages import is_language

KINDS = {
    "text": "Text",
    "long_text": "Long text",
    "money": "Amount",
    "percent": "Percentage",
    "integer": "Number",
    "date": "Date",
    "bool": "Yes or no",
    "choice": "One of a list",
}
MOST_CLAUSES = 400
MOST_VARIABLES = 200
LONGEST_TEXT = 20_000
_KEY = re.compile(r"^[a-z][a-z0-9_]{0,59}$")
INSERT = re.compile(r"\[\[\s*(#?[A-Za-z0-9_-]{1,60})\s*\]\]")
_TYPES: dict[str, Type] = {
    "text": STRING,
    "long_text": STRING,
    "choice": STRING,
    "money": number(16, 2),
    "percent": rate(),
    "integer": number(10, 0),
    "date": DATE,
    "bool": BOOL,
}


@dataclass(frozen=True, slots=True)
class Variable:
    """One value that a contract of this template needs."""

    key: str
    label: str
    kind: str = "text"
    source: str = ""
    required: bool = True
    choices: tuple[str, ...] = ()
    default: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True)
class NumberedClause:
    """A clause with its place in the printed contract, e.g. ``3.2``."""

    uid: str
    number: str
    heading: str
    paragraphs: tuple[str, ...]
    language: str = ""


@dataclass(frozen=True, slots=True)
class NumberedSection:
    """A section with what it holds under one set of values."""

    uid: str
    number: str
    heading: str
    clauses: tuple[NumberedClause, ...]


def variables_of(body: Mapping[str, Any]) -> list[Variable]:
    """The template's variables in their order."""
    return [
        Variable(
            key=each["key"],
            label=each["label"],
            kind=each.get("kind", "text"),
            source=each.get("source", ""),
            required=bool(each.get("required", True)),
            choices=tuple(each.get("choices", ())),
            default=str(each.get("default", "")),
            help=each.get("help", ""),
        )
        for each in body.get("variables", [])
    ]


def check_body(body: Any) -> dict[str, Any]:
    """The tree as it is kept; raises Invalid that names every wrong place at once."""
    wrong: dict[str, list[str]] = {}

    def refuse(place: str, sentence: str) -> None:
        wrong.setdefault(place, []).append(sentence)

    if not isinstance(body, Mapping) or not isinstance(body.get("sections"), list):
        raise Invalid("A template is a title, variables and sections.")
    keys: dict[str, Type] = {}
    for place, each in enumerate(body.get("variables") or []):
        _check_variable(f"variable-{place}", each, keys, refuse)
    if len(keys) > MOST_VARIABLES:
        refuse("variables", f"A template may have at most {MOST_VARIABLES} variables.")
    uids: set[str] = set()
    clauses = [clause for section in body["sections"] for clause in section.get("clauses", [])]
    for part in [*body["sections"], *clauses]:
        uid = str(part.get("uid", ""))
        if not uid or uid in uids:
            refuse("sections", f"Section or clause “{part.get('heading', '')}” needs its own uid.")
        uids.add(uid)
    if not clauses:
        refuse("sections", "A template needs at least one clause.")
    if len(clauses) > MOST_CLAUSES:
        refuse("sections", f"A template may have at most {MOST_CLAUSES} clauses.")
    for clause in clauses:
        _check_clause(clause, keys, uids, refuse)
    if body.get("language") and not is_language(body["language"]):
        refuse("language", "The document is in no known language.")
    if not str(body.get("title", "")).strip():
        refuse("title", "Give the document a title.")
    if wrong:
        first = next(iter(wrong.values()))[0]
        raise Invalid(f"The template is not right yet: {first}", fields=wrong)
    return json.loads(json.dumps(body))  # type: ignore[no-any-return]


def _check_variable(place: str, each: Any, keys: dict[str, Type], refuse: Any) -> None:
    key = str(each.get("key", "")) if isinstance(each, Mapping) else ""
    if not _KEY.match(key):
        refuse(place, f"“{key}” is no key: small letters, digits and underscores.")
        return
    if key in keys:
        refuse(place, f"“{key}” stands twice.")
    if not str(each.get("label", "")).strip():
        refuse(place, f"“{key}” needs a label.")
    kind = each.get("kind", "text")
    if kind not in KINDS:
        refuse(place, f"“{key}” is of no known kind; choose one of {', '.join(KINDS)}.")
        return
    if kind == "choice" and not each.get("choices"):
        refuse(place, f"“{key}” needs its choices.")
    keys[key] = _TYPES[kind]


def _check_clause(
    clause: Mapping[str, Any], keys: Mapping[str, Type], uids: set[str], refuse: Any
) -> None:
    name = str(clause.get("heading") or clause.get("uid"))
    text = str(clause.get("text", ""))
    if not text.strip():
        refuse(str(clause.get("uid")), f"Clause “{name}” has no text.")
    if len(text) > LONGEST_TEXT:
        refuse(str(clause.get("uid")), f"Clause “{name}” is longer than {LONGEST_TEXT} characters.")
    if clause.get("language") and not is_language(clause["language"]):
        refuse(str(clause.get("uid")), f"Clause “{name}” is in no known language.")
    for insert in INSERT.findall(text):
        if insert.startswith("#"):
            if insert[1:] not in uids:
                refuse(str(clause["uid"]), f"Clause “{name}” refers to “{insert[1:]}”, not there.")
        elif insert not in keys:
            refuse(str(clause["uid"]), f"Clause “{name}” uses “{insert}”, which is no variable.")
    condition = str(clause.get("condition") or "")
    if condition:
        try:
            check_condition(parse(condition), dict(keys))
        except LanguageError as error:
            refuse(str(clause["uid"]), f"Clause “{name}”: condition: {error}")


def number_clauses(
    body: Mapping[str, Any],
    values: Mapping[str, Any],
    shown: Mapping[str, str],
    shown_in: Mapping[str, Mapping[str, str]] | None = None,
) -> list[NumberedSection]:
    """The printed contract: clauses whose condition holds, numbered, variables filled in.

    Args:
        values: the variables' values as the language takes them (Decimal, date, str, bool).
        shown: the same as the reader sees them; a variable without one shows as a blank line.
        shown_in: the same by language, for clauses that have one of their own.
    """
    kept: list[tuple[Mapping[str, Any], list[Mapping[str, Any]]]] = []
    for section in body["sections"]:
        clauses = [each for each in section.get("clauses", []) if _applies(each, values)]
        if clauses:
            kept.append((section, clauses))
    numbers: dict[str, str] = {}
    for first, (section, clauses) in enumerate(kept, 1):
        numbers[section["uid"]] = str(first)
        for second, clause in enumerate(clauses, 1):
            numbers[clause["uid"]] = f"{first}.{second}"

    def fill(text: str, language: str) -> str:
        seen = (shown_in or {}).get(language, shown)

        def insert(match: re.Match[str]) -> str:
            name = match.group(1)
            if name.startswith("#"):
                return numbers.get(name[1:], "(not part of this agreement)")
            return seen.get(name) or "____________"

        return INSERT.sub(insert, text)

    return [
        NumberedSection(
            uid=section["uid"],
            number=numbers[section["uid"]],
            heading=section.get("heading", ""),
            clauses=tuple(
                NumberedClause(
                    uid=clause["uid"],
                    number=numbers[clause["uid"]],
                    heading=clause.get("heading", ""),
                    paragraphs=tuple(
                        fill(part.strip(), clause.get("language", ""))
                        for part in str(clause["text"]).split("\n\n")
                        if part.strip()
                    ),
                    language=clause.get("language", ""),
                )
                for clause in clauses
            ),
        )
        for section, clauses in kept
    ]


def _applies(clause: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    condition = str(clause.get("condition") or "")
    return not condition or holds(parse(condition), values)


def languages_in(body: Mapping[str, Any]) -> set[str]:
    """The languages that clauses have of their own."""
    clauses = (each for section in body["sections"] for each in section.get("clauses", []))
    return {each["language"] for each in clauses if each.get("language")}


def uses_of(body: Mapping[str, Any]) -> Iterator[str]:
    """Every variable that a clause's text mentions."""
    for section in body["sections"]:
        for clause in section.get("clauses", []):
            for insert in INSERT.findall(str(clause.get("text", ""))):
                if not insert.startswith("#"):
                    yield insert


def content_hash(*parts: Any) -> str:
    """SHA-256 over the canonical JSON of what was agreed on: equal text, equal hash."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def read_value(variable: Variable, text: Any) -> Any:
    """A typed value of what was typed, None for empty; raises ValueError with a sentence."""
    if text is None or (isinstance(text, str) and not text.strip()):
        return None
    raw = str(text).strip()
    match variable.kind:
        case "money" | "percent" | "integer":
            try:
                found = Decimal(raw.replace(" ", ""))
            except ArithmeticError:
                raise ValueError(f"{variable.label}: “{raw[:40]}” is not a number.") from None
            if not found.is_finite() or abs(found) >= Decimal(10) ** 16:
                raise ValueError(f"{variable.label} is out of range.")
            places = {"money": 2, "integer": 0, "percent": 6}[variable.kind]
            if found != round(found, places):
                raise ValueError(f"{variable.label} may have at most {places} decimal places.")
            return found
        case "date":
            try:
                return date.fromisoformat(raw[:10])
            except ValueError:
                raise ValueError(
                    f"{variable.label}: “{raw[:40]}” is not a date like 2027-01-31."
                ) from None
        case "bool":
            return raw.casefold() in ("true", "yes", "on", "1")
        case "choice":
            if raw not in variable.choices:
                raise ValueError(f"{variable.label}: choose one of {', '.join(variable.choices)}.")
            return raw
        case _:
            if "\x00" in raw or len(raw) > LONGEST_TEXT:
                raise ValueError(f"{variable.label} cannot be stored as it is.")
            return raw


def sections_text(sections: Sequence[NumberedSection]) -> str:
    """The contract as plain text, for search and comparison."""
    lines = []
    for section in sections:
        lines.append(f"{section.number}. {section.heading}")
        for clause in section.clauses:
            lines.append(f"{clause.number} {clause.heading}".strip())
            lines.extend(clause.paragraphs)
    return "\n".join(lines)
