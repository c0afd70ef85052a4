"""Putting right what is out for signature: people who have not acted, places, dates, words.

The documents never change, nor anything that somebody who acted has agreed to. Everything is
logged as it was and as it is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import get_changeable
from dealwright.base.errors import Conflict, Invalid
from dealwright.base.records.services import save_changes
from dealwright.signing.envelopes import mail
from dealwright.signing.envelopes.conditions import check_conditions
from dealwright.signing.envelopes.correcting_fields import (
    AddedField,
    add_fields,
    check_open,
    correct_fields,
    waited_for_in,
)
from dealwright.signing.envelopes.drafts import (
    MAX_RECIPIENTS,
    NewRecipient,
    Reminders,
    check_part11,
    check_people,
    check_text,
)
from dealwright.signing.envelopes.handing import hand_over, next_position
from dealwright.signing.envelopes.models import SIGNING_ROLES, Envelope, Recipient, Role
from dealwright.signing.envelopes.noting import note_correction, snapshot
from dealwright.signing.envelopes.placing import check_rules
from dealwright.signing.envelopes.routing import (
    advance,
    first_reminder,
    pending_recipients,
    skip,
)
from dealwright.signing.envelopes.services import (
    check_expiry,
    find_recipient,
    groups_and_hosts,
    open_name,
    warning_time,
)
from dealwright.signing.fields.models import FieldKind
from dealwright.signing.identity.choices import (
    IdentityChoice,
    asked_anew,
    check_choice,
    choice_for_successor,
    keep_choice,
)
from dealwright.signing.payments.standing import check_not_paid_by

PLAIN_ROLES = (Role.SIGNER, Role.APPROVER, Role.VIEWER, Role.CC)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientChange:
    """What is put right of one recipient; None leaves it. Another name or address is another
    person: they get a link of their own, and the one before leads nowhere. ``access_code``,
    ``phone`` and ``messenger`` are that person's, where the part asks for one."""

    id: Any
    name: str | None = None
    email: str | None = None
    role: str | None = None
    order: int | None = None
    access_code: str = dataclasses.field(default="", repr=False)
    phone: str = ""
    messenger: str = ""

    @property
    def own(self) -> dict[str, str]:
        """What the person was given to show who they are."""
        return {"access_code": self.access_code, "phone": self.phone, "messenger": self.messenger}


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """Everything that may be put right at once. ``changed_fields`` are by id with what is to be
    other than it was, as in ``EnvelopeField.as_json``; ``arranged`` are whole ones, also new."""

    message: str | None = None
    expires_at: datetime | None = None
    reminders: Reminders | None = None
    may_reassign: bool | None = None
    recipients: Sequence[RecipientChange] = ()
    added: Sequence[NewRecipient] = ()
    removed: Sequence[Any] = ()
    fields: Sequence[AddedField] = ()
    changed_fields: Sequence[Mapping[str, Any]] = ()
    arranged: Sequence[Mapping[str, Any]] = ()
    removed_fields: Sequence[Any] = ()


def correct_envelope(actor: Actor, envelope_id: Any, correction: Correction) -> Envelope:
    """Correct an envelope that is out for signature; then whoever's turn it is is invited.

    Raises Conflict where it is not out or somebody concerned has acted, NotFound, or Invalid
    that names the place.
    """
    with change(actor):
        envelope: Envelope = get_changeable(actor, "envelope", envelope_id)
        if not envelope.is_open:
            raise Conflict(
                "Only an envelope that is out for signature can be corrected.", code="not_open"
            )
        before = snapshot(envelope)
        _correct_facts(actor, envelope, correction)
        people = [_correct_recipient(actor, envelope, each) for each in correction.recipients]
        for each in correction.removed:
            _remove(actor, envelope, each)
        added = _add(actor, envelope, correction.added)
        correct_fields(
            actor,
            envelope,
            changed=correction.changed_fields,
            arranged=correction.arranged,
            removed=correction.removed_fields,
        )
        add_fields(envelope, correction.fields, {row.pk: new for row, new in people}, added)
        check_whole(envelope)
        after = snapshot(envelope)
        changed = [key for key in after if after[key] != before[key]]
        if not changed:
            raise Invalid("Nothing was changed.", code="nothing_changed")
        note_correction(actor, envelope, before=before, after=after, changed=changed)
        advance(actor, envelope)
    return envelope


def extend_envelope(actor: Actor, envelope_id: Any, *, expires_at: datetime) -> Envelope:
    """Give everyone more time (or less); raises as ``correct_envelope``."""
    return correct_envelope(actor, envelope_id, Correction(expires_at=expires_at))


def reassign_recipient(
    actor: Actor,
    envelope_id: Any,
    recipient_id: Any,
    *,
    name: str,
    email: str,
    reason: str = "",
    access_code: str = "",
    phone: str = "",
    messenger: str = "",
) -> Recipient:
    """Put somebody else in a recipient's place; whoever was asked before is told.

    Where the part asks for an access code or a number, the new person needs one of their own.
    Raises NotFound, Conflict where it is not out or they have acted, Invalid.
    """
    reason = check_text("reason", reason, longest=2_000, name="The reason")
    with change(actor):
        envelope, recipient = waited_for_in(actor, envelope_id, recipient_id)
        own = {"access_code": access_code, "phone": phone, "messenger": messenger}
        identity = _own_choice(envelope, recipient, own)
        taken = _replace(
            actor, envelope, recipient, identity, name=name, email=email, reason=reason
        )
        advance(actor, envelope)
    return taken


def _correct_facts(actor: Actor, envelope: Envelope, correction: Correction) -> None:
    changes: dict[str, Any] = {}
    if correction.message is not None:
        changes["message"] = check_text(
            "message", correction.message, longest=5_000, name="The message"
        )
    if correction.may_reassign is not None:
        changes["may_reassign"] = correction.may_reassign
    if correction.expires_at is not None:
        changes["expires_at"] = check_expiry(correction.expires_at)
        changes["warn_at"] = warning_time(changes["expires_at"], envelope.warn_days)
    if correction.reminders is not None:
        given = correction.reminders
        given.check()
        changes |= {
            "remind_every_days": given.every,
            "remind_first_days": given.first,
            "remind_most": given.most,
            "remind_at": first_reminder(given.first, given.every),
        }
    if changes:
        save_changes(actor, envelope, changes)


def _correct_recipient(
    actor: Actor, envelope: Envelope, given: RecipientChange
) -> tuple[Recipient, Recipient]:
    """Correct one; answers the row before and the row that counts now."""
    was = recipient = find_recipient(envelope, given.id)
    check_open(recipient)
    _check_order(envelope, given.order)
    role = given.role if given.role is not None else recipient.role
    if role != recipient.role and not {role, recipient.role} <= set(PLAIN_ROLES):
        raise _invalid("role", "The role can only change between signing, approving, confirming "
                       "and getting a copy.")  # fmt: skip
    name = given.name if given.name is not None else recipient.name
    email = given.email if given.email is not None else recipient.email
    if (" ".join(name.split()), email.strip().lower()) != (recipient.name, recipient.email):
        identity = _own_choice(envelope, recipient, given.own, at=given.id)
        recipient = _replace(actor, envelope, recipient, identity, name=name, email=email)
    order = given.order if given.order is not None else recipient.order
    if (role, order) == (recipient.role, recipient.order):
        return was, recipient
    if order > recipient.order:
        recipient.sent_at = None  # their turn comes again
    if role not in SIGNING_ROLES:
        recipient.fields.all().delete()
    recipient.role, recipient.order = role, order
    recipient.save(update_fields=["role", "order", "sent_at"])
    for member in recipient.members.all():
        member.role, member.order = role, order
        member.save(update_fields=["role", "order"])
    return was, recipient


def _replace(
    actor: Actor,
    envelope: Envelope,
    recipient: Recipient,
    identity: IdentityChoice,
    *,
    name: str,
    email: str,
    reason: str = "corrected by the sender",
) -> Recipient:
    if recipient.is_group:
        raise Conflict(
            f"“{recipient.name}” is a group. Remove it and add a person instead.", code="is_group"
        )
    taken = hand_over(
        actor, envelope, recipient, name=name, email=email, reason=reason, identity=identity
    )
    if recipient.sent_at is not None and recipient.email != taken.email:
        mail.tell_not_needed(actor, envelope, recipient)
    return taken


def _own_choice(
    envelope: Envelope, recipient: Recipient, own: Mapping[str, str], *, at: Any = None
) -> IdentityChoice:
    """How whoever takes the part shows who they are; raises Invalid where a code or a number of
    their own is missing (named "<at>.phone" where one of several is meant)."""
    choice = choice_for_successor(recipient, **own)
    if asked_anew(choice.methods):
        addressed = recipient.role != Role.IN_PERSON_SIGNER or bool(recipient.email)
        try:
            check_choice(choice, addressed=addressed, part11=envelope.part11)
        except Invalid as error:
            raise Invalid(
                error.message,
                fields={f"{at}.{key}" if at else key: said for key, said in error.fields.items()},
            ) from None
    return choice


def _remove(actor: Actor, envelope: Envelope, recipient_id: Any) -> None:
    recipient = find_recipient(envelope, recipient_id)
    check_open(recipient)
    check_not_paid_by(recipient)
    if any(not each.is_done for each in (*recipient.witnesses.all(), *recipient.names.all())):
        raise Conflict(
            f"Another recipient witnesses {recipient.name} or is named by them. Remove that one "
            "first.",
            code="needed_by_another",
        )
    for each in (*recipient.members.all(), recipient):
        if not each.is_done:
            skip(actor, envelope, each, reason="removed by the sender")
            if each.sent_at is not None:
                mail.tell_not_needed(actor, envelope, each)
    recipient.fields.all().delete()


def _add(actor: Actor, envelope: Envelope, given: Sequence[NewRecipient]) -> list[Recipient]:
    if not given:
        return []
    check_people(given)
    if envelope.part11:
        check_part11(given)
    if envelope.recipients.count() + len(given) > MAX_RECIPIENTS:
        raise _invalid("recipients", f"An envelope has at most {MAX_RECIPIENTS} recipients.")
    groups, _hosts = groups_and_hosts(given)
    made = []
    for each in given:
        if each.role not in PLAIN_ROLES or each.named_by is not None:
            raise _invalid("recipients", "Add people who sign, approve, confirm or get a copy.")
        _check_order(envelope, each.order)
        row = Recipient.objects.create(
            envelope=envelope,
            position=next_position(envelope),
            order=each.order,
            role=each.role,
            name=each.name.strip() or open_name(each, groups),
            email=each.email.strip().lower(),
            identity_methods=each.methods,
            condition=each.condition.strip(),
            group=groups.get(str(each.group)),
            queued_at=timezone.now(),
        )
        keep_choice(row, each.identity)
        made.append(row)
    return made


def _check_order(envelope: Envelope, order: int | None) -> None:
    if order is None:
        return
    first = min((each.order for each in pending_recipients(envelope)), default=1)
    if not 1 <= order <= 100:
        raise _invalid("order", "The order is a number from 1 to 100.")
    if order < first:
        raise _invalid("order", f"It is the turn of order {first}; nobody can come before it now.")


def check_whole(envelope: Envelope) -> None:
    """Raises Invalid where the envelope as corrected could not come to an end."""
    rows = list(envelope.recipients.select_related("witness_of", "named_by"))
    asked = [each for each in rows if each.acts and not each.is_done]
    if not asked and not any(each.signed_at for each in rows):
        raise _invalid("recipients", "Nobody would be left to act. Void the envelope instead.")
    for each in asked:
        if each.witness_of is not None and each.witness_of.order > each.order:
            raise _invalid("order", f"{each.name} must come after whom they witness.")
        if each.is_unnamed and each.named_by is not None and each.named_by.order >= each.order:
            raise _invalid("order", f"{each.name} must come after whoever names them.")
        signs = each.signs and each.member_of_id is None
        if signs and not each.fields.filter(kind=FieldKind.SIGNATURE).exists():
            raise _invalid(
                "fields",
                f"{each.name} has no place to sign. Add a signature field: the documents "
                "themselves cannot change any more.",
            )
    check_conditions(envelope)
    check_rules(envelope)


def _invalid(key: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={key: [sentence]})
