"""The rows of recipients in the form of a new envelope."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from dealwright.base.web.pages import Form
from dealwright.signing.envelopes.drafts import NewRecipient
from dealwright.signing.envelopes.models import Role
from dealwright.signing.identity.choices import identity_choice

MORE = (
    "condition", "group", "named_by", "witness_of", "host",
    "identity", "access_code", "phone", "messenger", "provider", "other_name",
)  # fmt: skip
ROWS = 4  # empty rows for recipients that the form starts with
LISTS = ("name", "email", "role", "order", *MORE)


def recipients_in(form: Form) -> list[NewRecipient]:
    """The recipients of the rows that hold something."""
    return [
        NewRecipient(
            **_identity(form, row),
            name=row["name"],
            email=row["email"],
            role=row["role"],
            order=int(row["order"]) if re.fullmatch(r"[0-9]{1,3}", row["order"]) else 1,
            condition=row["condition"],
            group=row["group"] or None,
            named_by=_number_of(row["named_by"]),
            witness_of=_number_of(row["witness_of"]),
            host=row["host"] or None,
        )
        for row in rows_in(form)
        if any(row[key].strip() for key in ("name", "email", "group", "named_by"))
    ]


def _identity(form: Form, row: dict[str, str]) -> dict[str, Any]:
    """How a recipient shows who they are; a group or somebody named later only by mail."""
    if form.checked("without_code") and not row["identity"]:
        return {"identity_methods": []}
    choice = identity_choice(row)
    return {
        "identity_methods": choice.methods,
        "access_code": choice.access_code,
        "phone": choice.phone,
        "messenger": choice.messenger,
        "provider": choice.provider,
        "assurance": choice.assurance,
        "other_name": choice.other_name,
    }


def _number_of(text: str) -> int | None:
    """The number of another recipient; 0, whom nobody has, where it is none."""
    if not text.strip():
        return None
    return int(text) if re.fullmatch(r"[0-9]{1,3}", text.strip()) else 0


def rows_in(form: Form) -> Sequence[dict[str, str]]:
    """The recipients as typed, and empty rows up to the usual number."""
    names, emails = form.get("name") or [], form.get("email") or []
    roles, orders = form.get("role") or [], form.get("order") or []
    typed = [
        {
            "name": str(name),
            "email": str(emails[at]) if at < len(emails) else "",
            "role": str(roles[at]) if at < len(roles) else Role.SIGNER.value,
            "order": str(orders[at]) if at < len(orders) else "1",
            **{
                key: str(given[at]) if at < len(given := form.get(key) or []) else ""
                for key in MORE
            },
        }
        for at, name in enumerate(names)
    ]
    return typed + [empty_row(number + 1) for number in range(len(typed), ROWS)]


def empty_row(order: int) -> dict[str, str]:
    """A row in which nothing was typed."""
    role = Role.SIGNER.value
    return {"name": "", "email": "", "role": role, "order": str(order), **dict.fromkeys(MORE, "")}
