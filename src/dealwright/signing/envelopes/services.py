"""What a sender can do with an envelope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import as_uuid, check_create, get_changeable, get_visible
from dealwright.base.errors import Conflict, NotFound
from dealwright.base.events.outbox import record_event
from dealwright.base.events.records import tell_record_changed
from dealwright.base.objects.registry import object_types
from dealwright.base.people.models import User
from dealwright.base.records.services import bin_record, save_changes
from dealwright.signing.documents.uploads import read_upload
from dealwright.signing.envelopes import mail
from dealwright.signing.envelopes.conditions import check_conditions
from dealwright.signing.envelopes.drafts import (
    NewDocument,
    NewField,
    NewRecipient,
    Reminders,
    check_draft,
    check_draft_conditions,
    check_fields,
    check_part11,
    check_text,
)
from dealwright.signing.envelopes.events import EnvelopeSent, EnvelopeVoided
from dealwright.signing.envelopes.fixing import fix_stamps
from dealwright.signing.envelopes.models import (
    Envelope,
    Recipient,
    SignatureLevel,
)
from dealwright.signing.envelopes.placing import check_rules
from dealwright.signing.envelopes.preparing import (
    complete_fields,
    fields_of_anchors,
    invalid,
    keep_document,
    merge_starts,
    of_kept,
    prefill,
)
from dealwright.signing.envelopes.routing import advance, invite, pending_recipients
from dealwright.signing.evidence.services import record_evidence
from dealwright.signing.fields.models import EnvelopeField, keep_fields
from dealwright.signing.groups.models import SigningGroup
from dealwright.signing.identity.choices import keep_choice
from dealwright.signing.identity.policy import signing_settings
from dealwright.signing.redlines.fixing import fix_redlines, note_redlines
from dealwright.signing.redlines.services import check_redlines
from dealwright.signing.seals.services import ensure_organisation_seal
from dealwright.signing.seals.signers import check_signature_level

DEFAULT_DAYS = 30
DEFAULT_REMINDER = 3
DEFAULT_WARNING = 3
LONGEST = timedelta(days=731)


def create_envelope(
    actor: Actor,
    *,
    title: str,
    documents: Sequence[NewDocument],
    recipients: Sequence[NewRecipient],
    fields: Sequence[NewField] = (),
    subject: tuple[str, Any] | None = None,
    message: str = "",
    language: str = "en",
    expires_at: datetime | None = None,
    remind_every_days: int | None = DEFAULT_REMINDER,
    remind_first_days: int | None = None,
    remind_most: int | None = None,
    warn_days: int | None = DEFAULT_WARNING,
    may_reassign: bool = True,
    part11: bool | None = None,
    signature_level: str = SignatureLevel.SES,
    owner: Any = None,
) -> Envelope:
    """Make a draft: documents checked and normalised, fields placed.

    Fields come from ``fields`` and from anchors in the documents (``{{sign:1}}``, see
    ``documents.anchors``); who signs and has no signature field yet gets a place on a page
    for signatures when it is sent. ``subject`` is (object key, id) of the record it is
    about, which the actor must be able to see. ``expires_at`` is 30 days from now if not
    given; ``warn_days`` before, everyone waited for is told (None: nobody). Reminders are as in
    ``drafts.Reminders``. ``may_reassign`` lets recipients hand their part to somebody else.
    ``part11`` holds it to 21 CFR Part 11 (None: what the company decided). With the
    ``signature_level`` aes each signer gets a certificate as well. ``owner`` is the actor's
    user if not given.

    Raises Invalid that names every wrong place, NotAllowed, or NotFound for the subject.
    """
    check_create(actor, "envelope")
    check_draft(title=title, message=message, documents=documents, recipients=recipients)
    part11 = signing_settings().part11 if part11 is None else part11
    if part11:
        check_part11(recipients)
    check_signature_level(signature_level)
    expires_at = check_expiry(expires_at)
    Reminders(every=remind_every_days, first=remind_first_days, most=remind_most).check()
    check_warning(warn_days)
    groups, hosts = groups_and_hosts(recipients)
    uploads = [
        of_kept(each.kept)
        if each.kept is not None
        else read_upload(each.name, each.content, accept_signed=each.accept_signed)
        for each in documents
    ]
    placed = [*fields_of_anchors(uploads, recipients), *fields]
    check_fields(
        placed, recipients=recipients, page_counts=[len(upload.pages) for upload in uploads]
    )
    check_draft_conditions(recipients, placed)
    with change(actor):
        envelope = Envelope(
            title=title.strip(),
            message=message.strip(),
            language=language,
            expires_at=expires_at,
            remind_every_days=remind_every_days,
            remind_first_days=remind_first_days,
            remind_most=remind_most,
            warn_days=warn_days,
            may_reassign=may_reassign,
            part11=part11,
            signature_level=signature_level,
            owner=owner or actor.user,
            created_by=actor.user,
            updated_by=actor.user,
        )
        if subject is not None:
            envelope.subject_object, envelope.subject_id = _check_subject(actor, subject)
        envelope.save(force_insert=True)
        kept = [
            keep_document(actor, envelope, position, given, upload)
            for position, (given, upload) in enumerate(
                zip(documents, uploads, strict=True), start=1
            )
        ]
        people = [
            Recipient(
                envelope=envelope,
                position=position,
                order=each.order,
                role=each.role,
                name=each.name.strip() or open_name(each, groups),
                email=each.email.strip().lower(),
                identity_methods=each.methods,
                condition=each.condition.strip(),
                group=groups.get(str(each.group)),
                host=hosts.get(str(each.host)),
            )
            for position, each in enumerate(recipients, start=1)
        ]
        Recipient.objects.bulk_create(people)
        for person, given_person in zip(people, recipients, strict=True):
            keep_choice(person, given_person.identity, is_new=True)
            namer, seen = given_person.named_by, given_person.witness_of
            if namer is not None or seen is not None:
                person.named_by = people[namer - 1] if namer else None
                person.witness_of = people[seen - 1] if seen else None
                person.save(update_fields=["named_by", "witness_of"])
        keep_fields(
            EnvelopeField(
                document=kept[each.document - 1],
                recipient=people[each.recipient - 1],
                position=position,
                **each.columns,
            )
            for position, each in enumerate(placed, start=1)
        )
        tell_record_changed(actor, envelope, "created")
    return envelope


def send_envelope(actor: Actor, envelope_id: Any) -> Envelope:
    """Invite those whose turn it is first. From here on the documents do not change.

    Raises Invalid where it expired meanwhile, Conflict where it is no draft, and Unavailable
    where the seal key is not ready: better now than after everyone has signed.
    """
    ensure_organisation_seal()
    with change(actor):
        envelope: Envelope = get_changeable(actor, "envelope", envelope_id)
        check_sendable(envelope)
        check_rules(envelope)
        merge_starts(actor, envelope)
        check_redlines(envelope)
        fix_stamps(actor, envelope)
        complete_fields(actor, envelope)
        fix_redlines(actor, envelope)
        prefill(envelope)
        now = timezone.now()
        save_changes(
            actor,
            envelope,
            {
                "sent_at": now,
                "send_at": None,
                "warn_at": warning_time(envelope.expires_at, envelope.warn_days),
            },
        )
        envelope.recipients.update(queued_at=now)
        people = list(envelope.recipients.all())
        record_evidence(
            envelope,
            "envelope.sent",
            actor=actor,
            facts={
                "documents": [each.prepared_sha256 for each in envelope.documents.all()],
                "originals": [each.original_sha256 for each in envelope.documents.all()],
                "recipients": [
                    {"id": str(each.pk), "role": each.role, "order": each.order} for each in people
                ],
            },
            details={
                "title": envelope.title,
                "recipients": [
                    {"id": str(each.pk), "name": each.name, "email": each.email} for each in people
                ],
            },
        )
        note_redlines(actor, envelope)
        record_event(
            actor,
            EnvelopeSent(
                envelope_id=envelope.pk,
                subject_object=envelope.subject_object,
                subject_id=envelope.subject_id,
                title=envelope.title,
            ),
            object="envelope",
            record_id=envelope.pk,
        )
        advance(actor, envelope)
    return envelope


def void_envelope(actor: Actor, envelope_id: Any, *, reason: str) -> Envelope:
    """Take an envelope back; who was invited is told why. Raises Conflict where it has ended."""
    reason = check_text("reason", reason, longest=2_000, name="The reason")
    if not reason:
        raise invalid("reason", "Say why: everyone who was invited will read it.")
    with change(actor):
        envelope: Envelope = get_changeable(actor, "envelope", envelope_id)
        if not envelope.is_open:
            raise Conflict(
                "Only an envelope that is out for signature can be voided.", code="not_open"
            )
        save_changes(
            actor,
            envelope,
            {
                "voided_at": timezone.now(),
                "ended_reason": reason,
                "remind_at": None,
                "warn_at": None,
            },
        )
        record_evidence(envelope, "envelope.voided", actor=actor, details={"reason": reason})
        record_event(
            actor,
            EnvelopeVoided(
                envelope_id=envelope.pk,
                subject_object=envelope.subject_object,
                subject_id=envelope.subject_id,
                reason=reason,
            ),
            object="envelope",
            record_id=envelope.pk,
        )
        for recipient in envelope.recipients.exclude(sent_at=None):
            mail.tell_ended(actor, envelope, recipient, "voided", reason)
    return envelope


def remind_recipients(actor: Actor, envelope_id: Any) -> int:
    """Write again to everyone whose turn it is; returns to how many.

    Each gets a new link and the one before stops working. Raises Conflict where nobody is
    waited for.
    """
    with change(actor):
        envelope: Envelope = get_changeable(actor, "envelope", envelope_id)
        if not envelope.is_open:
            raise Conflict("Nobody is waited for in this envelope.", code="not_open")
        waiting = waited_for(envelope)
        for recipient in waiting:
            invite(actor, envelope, recipient, reminder=True)
        changes: dict[str, Any] = {}
        if envelope.remind_every_days:
            changes["remind_at"] = timezone.now() + timedelta(days=envelope.remind_every_days)
        save_changes(actor, envelope, changes)
    return len(waiting)


def unlock_recipient(actor: Actor, envelope_id: Any, recipient_id: Any) -> Recipient:
    """Let a recipient who was locked after too many wrong codes try again, with a new link."""
    with change(actor):
        envelope: Envelope = get_changeable(actor, "envelope", envelope_id)
        recipient = find_recipient(envelope, recipient_id)
        if recipient.locked_at is None or not envelope.is_open:
            raise Conflict("This recipient is not locked.", code="not_locked")
        recipient.locked_at = None
        recipient.save(update_fields=["locked_at"])
        recipient.codes.update(counted=False)
        recipient.identity_steps.update(attempts=0)
        record_evidence(envelope, "recipient.unlocked", actor=actor, recipient=recipient)
        invite(actor, envelope, recipient, reminder=True)
    return recipient


def update_envelope(actor: Actor, envelope: Envelope, values: dict[str, Any]) -> Envelope:
    """Change what the registry lets be changed, as long as it is a draft (owner: always)."""
    if envelope.sent_at is not None and set(values) - {"owner_id", "custom"}:
        raise Conflict("A sent envelope does not change. Void it and send a new one.")
    saved: Envelope = save_changes(actor, envelope, values)
    return saved


def delete_envelope(actor: Actor, envelope: Envelope) -> None:
    """Bin a draft. What was sent is evidence and stays; it can be voided."""
    if envelope.sent_at is not None:
        raise Conflict("A sent envelope is evidence and stays. Void it instead.")
    bin_record(actor, envelope)


def resend_invitation(actor: Actor, envelope_id: Any, recipient_id: Any) -> Recipient:
    """Write once more to one recipient whose turn it is, with a new link; a mail that came back
    is forgotten. Raises NotFound, or Conflict where it is not their turn."""
    with change(actor):
        envelope: Envelope = get_changeable(actor, "envelope", envelope_id)
        recipient = find_recipient(envelope, recipient_id)
        found = [each for each in waited_for(envelope) if each.pk == recipient.pk]
        if not envelope.is_open or not found:
            raise Conflict("It is not this person's turn.", code="not_their_turn")
        invite(actor, envelope, found[0], reminder=True, resend=True)
    return found[0]


def waited_for(envelope: Envelope) -> list[Recipient]:
    """Those who were invited and have not acted."""
    return [
        each
        for each in pending_recipients(envelope)
        if each.sent_at is not None and not each.is_group
    ]


def find_recipient(envelope: Envelope, recipient_id: Any) -> Recipient:
    """A recipient of the envelope; raises NotFound."""
    found: Recipient | None = envelope.recipients.filter(pk=as_uuid(recipient_id)).first()
    if found is None:
        raise NotFound("This envelope has no such recipient.")
    return found


def check_sendable(envelope: Envelope) -> None:
    """Raises Conflict where it is no draft, Invalid where it could not be sent as it is."""
    if envelope.sent_at is not None or envelope.voided_at is not None:
        raise Conflict("This envelope was sent already.", code="already_sent")
    if envelope.expires_at is not None and envelope.expires_at <= timezone.now():
        raise invalid("expires_at", "The envelope has expired. Set a later date, then send.")
    check_conditions(envelope)
    for each in envelope.recipients.exclude(group=None).select_related("group"):
        if each.group is None or each.group.retired_at or not each.group.members.exists():
            raise invalid("recipients", f"The group “{each.name}” is not there any more.")


def warning_time(expires_at: datetime | None, warn_days: int | None) -> datetime | None:
    """When everyone waited for is told that it expires soon; None where it is too late for it."""
    if expires_at is None or not warn_days:
        return None
    at = expires_at - timedelta(days=warn_days)
    return at if at > timezone.now() else None


def check_warning(warn_days: int | None) -> None:
    """Raises Invalid for days that cannot be."""
    if warn_days is not None and not 1 <= warn_days <= 30:
        raise invalid("warn_days", "Warn 1 to 30 days before it expires, or not at all.")


def groups_and_hosts(
    recipients: Sequence[NewRecipient],
) -> tuple[dict[str, SigningGroup], dict[str, User]]:
    """The groups and hosts that were named, by id; raises Invalid naming the recipient."""
    groups: dict[str, SigningGroup] = {}
    hosts: dict[str, User] = {}
    for number, each in enumerate(recipients, start=1):
        key = f"recipients.{number}"
        if each.group is not None:
            group = SigningGroup.objects.filter(pk=as_uuid(each.group), retired_at=None).first()
            if group is None or not group.members.exists():
                raise invalid(key, f"Recipient {number}: there is no such signing group.")
            groups[str(each.group)] = group
        if each.host is not None:
            host = User.objects.filter(pk=as_uuid(each.host), is_active=True).first()
            if host is None:
                raise invalid(key, f"Recipient {number}: the host is no user who can sign in.")
            hosts[str(each.host)] = host
    return groups, hosts


def open_name(given: NewRecipient, groups: Mapping[str, SigningGroup]) -> str:
    """How a recipient is called who is no one person yet."""
    if given.group is not None:
        return groups[str(given.group)].name
    return f"Named by recipient {given.named_by}"


def check_expiry(given: datetime | None) -> datetime:
    now = timezone.now()
    if given is None:
        return now + timedelta(days=DEFAULT_DAYS)
    if given.tzinfo is None:
        given = given.replace(tzinfo=UTC)
    if not now < given <= now + LONGEST:
        raise invalid("expires_at", "The envelope must expire in the future, within two years.")
    return given


def _check_subject(actor: Actor, subject: tuple[str, Any]) -> tuple[str, Any]:
    key, record_id = subject
    if key not in {of.key for of in object_types()}:
        raise invalid("subject", f"There is no object “{key[:40]}”.")
    return key, get_visible(actor, key, record_id).pk
