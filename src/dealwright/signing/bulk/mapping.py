"""What the columns of a table are to the roles and fields of a template.

A column stands for ``name:1`` or ``email:1`` (of the role with that number), ``phone:1``,
``messenger:1`` (an address in the company's messenger), ``code:1`` (an access code),
``field:<id>`` (what a field starts with), or nothing; each is a value for the texts of the
template besides, by its header as one word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from email_validator import EmailNotValidError, validate_email

from dealwright.base.messaging.liquid_text import missing_names
from dealwright.signing.blueprints.contents import (
    PREFILLED,
    NewRole,
    TemplateField,
    field_of,
    open_numbers,
    raise_wrong,
    role_of,
)
from dealwright.signing.blueprints.merging import column_values, word_of
from dealwright.signing.blueprints.using import LONGEST_VALUE, Filling
from dealwright.signing.envelopes.models import Role
from dealwright.signing.identity.choices import asked_anew
from dealwright.signing.identity.messengers import channel_name

_NAMES = ("name", "full_name", "signer", "contact")
_EMAILS = ("email", "e_mail", "mail", "email_address", "e_mail_address")
_MORE = {"phone": "phone", "messenger": "messenger", "code": "access_code"}
Target = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Mapper:
    """Reads rows of one table for one template's content."""

    content: Mapping[str, Any]
    mapping: Mapping[str, str]

    @property
    def roles(self) -> list[NewRole]:
        return [role_of(each) for each in self.content["roles"]]

    @property
    def fields(self) -> list[TemplateField]:
        return [field_of(each) for each in self.content["fields"]]

    def filling(self, row: Mapping[str, str]) -> Filling:
        """What a row makes of the template."""
        people: dict[int, list[str]] = {}
        more: dict[int, dict[str, str]] = {}
        fields: dict[str, str] = {}
        for column, target in self.mapping.items():
            kind, _sep, of = target.partition(":")
            value = row.get(column, "").strip()
            if kind in ("name", "email"):
                people.setdefault(int(of), ["", ""])[kind == "email"] = value
            elif kind in _MORE and value:
                more.setdefault(int(of), {})[_MORE[kind]] = value
            elif kind == "field" and value:
                fields[of] = value
        return Filling(
            people={number: (name or email, email) for number, (name, email) in people.items()},
            more=more,
            values=column_values(row),
            fields=fields,
        )

    def problem(self, row: Mapping[str, str]) -> str:
        """What is wrong with a row, in one sentence; empty where it can be sent."""
        if any("\x00" in value for value in row.values()):
            return "The row has a character that cannot be stored."
        filling = self.filling(row)
        for number in open_numbers(self.roles):
            role = self.roles[number - 1]
            name, email = filling.people.get(number, ("", ""))
            if not email and role.role != Role.IN_PERSON_SIGNER:
                return f"{role.name}: the e-mail address is missing."
            if email and not _is_address(email):
                return f"{role.name}: “{email[:80]}” is not an e-mail address."
            if not name or len(name) > 160:
                return f"{role.name}: a name of at most 160 characters is needed."
        for key, value in filling.fields.items():
            if len(value) > LONGEST_VALUE:
                label = next((each.label for each in self.fields if each.id == key), "A field")
                return f"{label}: the value may have at most {LONGEST_VALUE} characters."
        return self._gap(filling)

    def _gap(self, filling: Filling) -> str:
        """A value that the title or message needs and the row does not have."""
        given = {key: value for key, value in filling.values.items() if value}
        gone = _missing(self.content, self.roles, given)
        return f"There is no value for {', '.join(gone)[:200]}." if gone else ""


def columns_of(content: Mapping[str, Any]) -> list[str]:
    """The columns of a table that fits a template: what can be mapped, and what its title and
    message name."""
    named = _missing(content, [role_of(each) for each in content["roles"]], {})
    return [*(label for _key, label in targets(content)), *dict.fromkeys(named)]


def _missing(
    content: Mapping[str, Any], roles: Sequence[NewRole], given: Mapping[str, str]
) -> list[str]:
    """What title and message name and nobody gives."""
    people = {word_of(each.name): {"name": "x", "email": "x"} for each in roles}
    values = {**given, "roles": people}
    return [
        name
        for text in (content["title"], content["message"])
        for name in missing_names(text, values)
    ]


def targets(content: Mapping[str, Any]) -> list[Target]:
    """What columns can stand for, each with the words a person reads."""
    found: list[Target] = []
    roles = [role_of(each) for each in content["roles"]]
    for number in open_numbers(roles):
        role = roles[number - 1]
        found += [(f"name:{number}", f"{role.name}: name"), (f"email:{number}", f"{role.name}: e-mail")]  # fmt: skip # noqa: E501
        methods = {role.identity_method, *(role.more.get("identity_methods") or [])}
        asked = asked_anew(sorted(methods))
        if "phone" in asked:
            found.append((f"phone:{number}", f"{role.name}: phone"))
        if "messenger" in asked:
            found.append((f"messenger:{number}", f"{role.name}: address in {channel_name()}"))
        if "access_code" in asked:
            found.append((f"code:{number}", f"{role.name}: access code"))
    found += [
        (f"field:{each['id']}", each["label"])
        for each in content["fields"]
        if each["kind"] in PREFILLED and each["label"]
    ]
    return found


def propose(content: Mapping[str, Any], columns: Sequence[str]) -> dict[str, str]:
    """A mapping by the names of the columns: “Customer e-mail”, “E-mail” where one role is
    open, or the label of a field."""
    roles = [role_of(each) for each in content["roles"]]
    numbers = open_numbers(roles)
    wanted: dict[str, str] = {}
    for number in numbers:
        word = word_of(roles[number - 1].name)
        alone = [""] if len(numbers) == 1 or number == numbers[0] else []
        for prefix in [word, *alone]:
            for kind, ends in (("name", _NAMES), ("email", _EMAILS)):
                for end in ends:
                    wanted.setdefault(f"{prefix}_{end}".strip("_"), f"{kind}:{number}")
        wanted.setdefault(word, f"name:{number}")
        for end, target in (
            ("phone", "phone"),
            ("mobile", "phone"),
            ("whatsapp", "phone"),
            ("messenger", "messenger"),
            (word_of(channel_name()), "messenger"),
            ("access_code", "code"),
        ):
            wanted.setdefault(f"{word}_{end}", f"{target}:{number}")
    for each in content["fields"]:
        if each["kind"] in PREFILLED and each["label"]:
            wanted.setdefault(word_of(each["label"]), f"field:{each['id']}")
    possible = {key for key, _label in targets(content)}
    mapping: dict[str, str] = {}
    for column in columns:
        target = wanted.get(word_of(column), "")
        if target in possible and target not in mapping.values():
            mapping[column] = target
    return mapping


def checked_mapping(
    content: Mapping[str, Any], columns: Sequence[str], given: Mapping[str, str]
) -> dict[str, str]:
    """The mapping without empty places. Raises Invalid for what is no column, no target, or
    stands twice."""
    possible = {key for key, _label in targets(content)}
    chosen = {column: target for column, target in given.items() if target}
    for column, target in chosen.items():
        if column not in columns:
            raise_wrong({"mapping": [f"The file has no column “{column[:80]}”."]})
        if target not in possible:
            raise_wrong({"mapping": [f"“{target[:80]}” is nothing a column can stand for."]})
        if list(chosen.values()).count(target) > 1:
            raise_wrong({"mapping": [f"Two columns stand for {dict(targets(content))[target]}."]})
    roles = [role_of(each) for each in content["roles"]]
    for number in open_numbers(roles):
        if (
            f"email:{number}" not in chosen.values()
            and roles[number - 1].role != Role.IN_PERSON_SIGNER
        ):
            sentence = f"Say which column holds the e-mail address of {roles[number - 1].name}."
            raise_wrong({"mapping": [sentence]})
    return chosen


def _is_address(text: str) -> bool:
    if not re.search("@", text):
        return False
    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True
