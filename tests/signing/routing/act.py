"""Going a recipient's whole way quickly, for tests of routing."""

from __future__ import annotations

from typing import Any

from dealwright.signing.ceremonies import adopting, filling
from dealwright.signing.ceremonies import services as ceremonies
from dealwright.signing.ceremonies.steps import Ceremony, Step
from dealwright.signing.consent.services import current_consent
from dealwright.signing.documents.geometry import Box
from dealwright.signing.envelopes.drafts import NewField, NewRecipient
from dealwright.signing.envelopes.models import IdentityMethod, Recipient
from signing.make import a_visit, enter


def person(name: str, **fields: Any) -> NewRecipient:
    """A recipient who shows who they are by the link alone."""
    fields.setdefault("email", f"{name.lower().replace(' ', '.')}@people.test" if name else "")
    return NewRecipient(name=name, identity_method=IdentityMethod.EMAIL_LINK, **fields)


def field(recipient: int, kind: str = "signature", *, y: float = 0.2, **values: Any) -> NewField:
    return NewField(recipient=recipient, kind=kind, box=Box(0.1, y, 0.3, 0.05), **values)


def ready(recipient: Recipient) -> Ceremony:
    """Open the link and agree: the document comes next."""
    visit = a_visit()
    if enter(recipient, visit).step == Step.CONSENT:
        ceremonies.give_consent(enter(recipient, visit), current_consent().pk)
    return enter(recipient, visit)


def act(recipient: Recipient, **values: str) -> None:
    """Do a recipient's part; ``values`` are of their fields, by label."""
    recipient.refresh_from_db()
    ceremony = ready(recipient)
    for each in recipient.fields.all():
        if each.kind == "signature":
            adopting.adopt_signature(ceremony, text=recipient.name)
            filling.fill_field(ceremony, each.pk, "on")
        elif each.label in values:
            filling.fill_field(ceremony, each.pk, values[each.label])
    ceremonies.sign(ceremony)
    recipient.refresh_from_db()
