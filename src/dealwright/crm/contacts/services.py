"""What can be done with contacts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import get_changeable
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.objects.registry import object_type
from dealwright.base.objects.values import clean_value
from dealwright.base.records.services import insert_record, save_changes
from dealwright.crm.addresses import normal_phone
from dealwright.crm.contacts.models import Contact, ContactPoint

PREFERRED = {
    ContactPoint.Kind.EMAIL: "email",
    ContactPoint.Kind.PHONE: "phone",
    ContactPoint.Kind.MOBILE: "mobile",
}


def create_contact(actor: Actor, values: Mapping[str, Any]) -> Contact:
    """Make a person. Raises Invalid where nothing tells who it is, Conflict where the e-mail
    address is another person's."""
    cleaned = normal_contact(values)
    if not any(cleaned.get(key) for key in ("first_name", "last_name", "email", "phone", "mobile")):
        sentence = "Give a name, an e-mail address or a phone number."
        raise Invalid(sentence, fields={"last_name": [sentence]})
    _refuse_second_person(cleaned.get("email", ""))
    contact: Contact = insert_record(actor, object_type("contact"), cleaned)
    return contact


def update_contact(actor: Actor, contact: Contact, values: Mapping[str, Any]) -> Contact:
    """Change a person. Raises Conflict where the e-mail address is another person's."""
    cleaned = normal_contact(values, country=contact.country)
    if cleaned.get("email") and cleaned["email"] != contact.email:
        _refuse_second_person(cleaned["email"], but=contact)
    updated: Contact = save_changes(actor, contact, cleaned)
    return updated


def normal_contact(values: Mapping[str, Any], *, country: str = "") -> dict[str, Any]:
    """The values with phone numbers and address in their normal form."""
    cleaned = dict(values)
    country = cleaned.get("country") or country
    for key in ("phone", "mobile"):
        if cleaned.get(key):
            cleaned[key] = normal_phone(cleaned[key], country)
    if cleaned.get("email"):
        cleaned["email"] = cleaned["email"].lower()
    return cleaned


def find_contact(email: str) -> Contact | None:
    """The living person whose preferred or further e-mail address this is."""
    email = email.strip().lower()
    if not email:
        return None
    own: Contact | None = Contact.objects.filter(email=email).first()
    if own is not None:
        return own
    further: Contact | None = Contact.objects.filter(
        points__kind=ContactPoint.Kind.EMAIL, points__value=email
    ).first()
    return further


def _refuse_second_person(email: str, *, but: Contact | None = None) -> None:
    known = find_contact(email)
    if known is not None and known != but:
        raise Conflict(
            f"Another contact already has the address {email}. Open that one, or merge the two.",
            code="not_unique",
            fields={"email": ["Another contact already has this address."]},
        )


def add_contact_point(
    actor: Actor, contact_id: Any, kind: str, value: str, *, label: str = ""
) -> ContactPoint:
    """Remember a further address or number of a person; the first of a kind is the preferred.

    Raises Invalid for a value that cannot be one, Conflict where an e-mail address is
    another person's.
    """
    if kind not in ContactPoint.Kind.values:
        sentence = f"Kind: “{kind[:20]}” is none of {', '.join(ContactPoint.Kind.values)}."
        raise Invalid(sentence, fields={"kind": [sentence]})
    with change(actor):
        contact = get_changeable(actor, "contact", contact_id)
        value = _normal_point(kind, value, contact)
        preferred = PREFERRED.get(ContactPoint.Kind(kind))
        if preferred and not getattr(contact, preferred):
            update_contact(actor, contact, {preferred: value})
            point, _ = ContactPoint.objects.get_or_create(contact=contact, kind=kind, value=value)
        else:
            point, _ = ContactPoint.objects.get_or_create(
                contact=contact, kind=kind, value=value, defaults={"label": label.strip()[:40]}
            )
        if label and point.label != label:
            point.label = label.strip()[:40]
            point.save(update_fields=["label"])
        return point


def prefer_contact_point(actor: Actor, point_id: Any) -> Contact:
    """Make an address or number the preferred one of its kind; the former stays beside it."""
    with change(actor):
        point = _point(actor, point_id)
        contact: Contact = point.contact
        preferred = PREFERRED.get(ContactPoint.Kind(point.kind))
        if preferred is None or point.is_primary:
            return contact
        former = ContactPoint.objects.filter(
            contact=contact, kind=point.kind, is_primary=True
        ).first()
        save_changes(actor, contact, {preferred: point.value})
        if former is not None:
            former.is_primary = False
            former.save(force_insert=True)
        return contact


def remove_contact_point(actor: Actor, point_id: Any) -> None:
    """Forget an address or number; of a preferred one the record's own field is cleared too."""
    with change(actor):
        point = _point(actor, point_id)
        preferred = PREFERRED.get(ContactPoint.Kind(point.kind))
        if point.is_primary and preferred:
            save_changes(actor, point.contact, {preferred: ""})
        else:
            point.delete()


def _point(actor: Actor, point_id: Any) -> ContactPoint:
    point = ContactPoint.objects.filter(pk=point_id).first()
    if point is None:
        raise NotFound("This address does not exist.")
    point.contact = get_changeable(actor, "contact", point.contact_id)
    return point


def _normal_point(kind: str, value: str, contact: Contact) -> str:
    text = value.strip()[:254]
    sentence = ""
    if not text:
        sentence = "Enter an address or a number."
    elif kind == ContactPoint.Kind.EMAIL:
        of = object_type("contact")
        try:
            text = str(clean_value(of, of.field("email"), text))
        except ValueError as error:
            sentence = str(error)
        else:
            _refuse_second_person(text, but=contact)
    elif kind in (ContactPoint.Kind.PHONE, ContactPoint.Kind.MOBILE):
        text = normal_phone(text, contact.country)
    if sentence:
        raise Invalid(sentence, fields={"value": [sentence]})
    return text
