"""What a sequence's texts can say: the person, the company, the sender."""

from __future__ import annotations

from typing import Any

from dealwright.acceleration.sequences.models import Enrollment


def context_of(enrollment: Enrollment) -> dict[str, Any]:
    """The names that templates may use. Empty values are left out, so that a text that needs one
    waits instead of going out with a gap."""
    person, owner = enrollment.contact, enrollment.owner
    account = person.account
    return {
        "contact": _given(
            first_name=person.first_name,
            last_name=person.last_name,
            name=str(person.name),
            job_title=person.job_title,
            email=person.email,
        ),
        "account": _given(
            name=account.name if account else "",
            industry=account.industry if account else "",
            city=account.billing_city if account else "",
            country=account.billing_country if account else "",
        ),
        "sender": _given(
            name=owner.name if owner else "",
            first_name=owner.get_short_name() if owner else "",
            email=owner.email if owner else "",
            job_title=owner.job_title if owner else "",
        ),
    }


def _given(**values: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}
