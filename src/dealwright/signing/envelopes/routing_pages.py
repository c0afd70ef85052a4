"""The sender's pages while it is out: send later, correct, extend, reassign, send again."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from dealwright.base.access.visibility import get_visible
from dealwright.base.errors import Invalid
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.signing.documents.anchors import SIZES
from dealwright.signing.documents.geometry import Box, PageGeometry
from dealwright.signing.envelopes import asking, correcting, scheduling, services
from dealwright.signing.envelopes.correcting import Correction, RecipientChange
from dealwright.signing.envelopes.correcting_fields import AddedField
from dealwright.signing.envelopes.drafts import NewRecipient, Reminders
from dealwright.signing.envelopes.models import Envelope, Recipient, Role
from dealwright.signing.fields.models import EnvelopeField, FieldKind
from dealwright.signing.identity.choices import asked_anew, identity_choice
from dealwright.signing.identity.messengers import channel_name
from dealwright.signing.identity.ways import choice_context, way_of

_FORM = "signing/envelopes/"
ADDED_ROWS = 2


@page
def schedule(request: HttpRequest, envelope_id: UUID) -> HttpResponse:
    """Say when a draft is sent."""
    actor = actor_of(request)
    envelope = get_visible(actor, "envelope", envelope_id)
    form = Form(request, {"send_at": _shown_time(envelope.send_at)})
    if request.method == "POST":
        with form:
            envelope = scheduling.schedule_envelope(
                actor, envelope_id, send_at=_time(form, "send_at")
            )
            return done(request, envelope.url, _("It is sent at the time you chose."))
    return form.page(f"{_FORM}schedule.html", {"envelope": envelope})


@page(methods=["POST"])
def unschedule(request: HttpRequest, envelope_id: UUID) -> HttpResponse:
    """Make it a draft again."""
    envelope = scheduling.unschedule_envelope(actor_of(request), envelope_id)
    return done(request, envelope.url, _("It is a draft again."))


@page
def extend(request: HttpRequest, envelope_id: UUID) -> HttpResponse:
    """Give everyone more time."""
    actor = actor_of(request)
    envelope = get_visible(actor, "envelope", envelope_id)
    form = Form(request, {"expires_at": _shown_time(envelope.expires_at)})
    if request.method == "POST":
        with form:
            correcting.extend_envelope(actor, envelope_id, expires_at=_time(form, "expires_at"))
            return done(request, envelope.url, _("There is more time now."))
    return form.page(f"{_FORM}extend.html", {"envelope": envelope})


@page(methods=["POST"])
def resend(request: HttpRequest, envelope_id: UUID, recipient_id: UUID) -> HttpResponse:
    """Send one invitation again, with a new link."""
    recipient = services.resend_invitation(actor_of(request), envelope_id, recipient_id)
    said = _("%(name)s was written to again.") % {"name": recipient.name}
    return done(request, f"/envelopes/{envelope_id}", said)


@page
def reassign(request: HttpRequest, envelope_id: UUID, recipient_id: UUID) -> HttpResponse:
    """Put somebody else in a recipient's place."""
    actor = actor_of(request)
    envelope = get_visible(actor, "envelope", envelope_id)
    recipient = services.find_recipient(envelope, recipient_id)
    form = Form(request)
    if request.method == "POST":
        with form:
            taken = correcting.reassign_recipient(
                actor,
                envelope_id,
                recipient_id,
                name=form["name"],
                email=form["email"],
                reason=form["reason"],
                access_code=form["access_code"],
                phone=form["phone"],
                messenger=form["messenger"],
            )
            said = _("%(name)s takes the part.") % {"name": taken.name}
            return done(request, envelope.url, said)
    asks = asked_anew(recipient.identity_methods)
    context = {
        "envelope": envelope,
        "recipient": recipient,
        "asks": asks,
        "messenger_name": channel_name(),
    }
    return form.page(f"{_FORM}reassign.html", context)


@page
def identity(request: HttpRequest, envelope_id: UUID, recipient_id: UUID) -> HttpResponse:
    """Ask a recipient in another way who they are, or with a new code or number."""
    actor = actor_of(request)
    envelope = get_visible(actor, "envelope", envelope_id)
    recipient = services.find_recipient(envelope, recipient_id)
    steps = {each.method: each for each in recipient.identity_steps.all()}
    choices = choice_context()
    ways = dict(choices["identity_ways"])
    way, label = way_of(recipient)
    ways.setdefault(way, label)
    number = steps.get("sms_otp") or steps.get("whatsapp_otp")
    messenger, provider = steps.get("messenger_otp"), steps.get("idp")
    form = Form(
        request,
        {
            "identity": way,
            "phone": number.destination if number else "",
            "messenger": messenger.destination if messenger else "",
            "provider": provider.destination if provider else "",
            "other_name": provider.other_name if provider else "refuse",
        },
    )
    if request.method == "POST":
        with form:
            asking.change_identity(actor, envelope_id, recipient_id, identity_choice(form.values))
            said = _("%(name)s is asked in the new way.") % {"name": recipient.name}
            return done(request, envelope.url, said)
    context = {
        "envelope": envelope,
        "recipient": recipient,
        **choices,
        "identity_ways": list(ways.items()),
        "has_code": bool((code := steps.get("access_code")) and code.secret_hash),
    }
    return form.page(f"{_FORM}identity.html", context)


@page
def correct(request: HttpRequest, envelope_id: UUID) -> HttpResponse:
    """Put right who is asked, where they sign, the message, the dates."""
    actor = actor_of(request)
    envelope = get_visible(actor, "envelope", envelope_id)
    people = [
        each
        for each in envelope.recipients.filter(member_of=None)
        if not each.is_done and (each.email or each.is_group or each.host_id or each.named_by_id)
    ]
    fields = list(
        EnvelopeField.objects.filter(
            document__envelope=envelope, recipient__in=people
        ).select_related("recipient", "document")
    )
    form = Form(
        request,
        {
            "message": envelope.message,
            "expires_at": _shown_time(envelope.expires_at),
            "remind_first": str(envelope.remind_first_days or ""),
            "remind_every": str(envelope.remind_every_days or ""),
            "remind_most": str(envelope.remind_most or ""),
            "may_reassign": envelope.may_reassign,
            **{
                f"{each.pk}.{key}": str(getattr(each, key))
                for each in people
                for key in ("name", "email", "role", "order")
            },
        },
        lists=("remove", "remove_field"),
    )
    if request.method == "POST":
        with form:
            correcting.correct_envelope(actor, envelope_id, _correction(form, envelope, people))
            return done(request, envelope.url, _("Corrected. Whose turn it is has been told."))
    pages = [
        (f"{document.position}:{number}", f"{document.name}, {number}")
        for document in envelope.documents.all()
        for number in range(1, document.page_count + 1)
    ]
    plain = [each.value for each in correcting.PLAIN_ROLES]
    context = {
        "envelope": envelope,
        "people": people,
        "asks": {each.pk: asked_anew(each.identity_methods) for each in people},
        "messenger_name": channel_name(),
        "fields": fields,
        "pages": pages,
        "plain": plain,
        "roles": [(value, label) for value, label in Role.choices if value in plain],
        "added": range(1, ADDED_ROWS + 1),
    }
    return form.page(f"{_FORM}correct.html", context)


def _correction(form: Form, envelope: Envelope, people: list[Recipient]) -> Correction:
    """What the form changes: only what differs from what was shown."""
    removed = [str(each) for each in form["remove"] or []]
    expires_at = (
        _time(form, "expires_at")
        if form["expires_at"] != _shown_time(envelope.expires_at)
        else None
    )
    reminders = Reminders(
        every=_days(form, "remind_every", 30),
        first=_days(form, "remind_first", 30),
        most=_days(form, "remind_most", 50),
    )
    was = Reminders(
        every=envelope.remind_every_days,
        first=envelope.remind_first_days,
        most=envelope.remind_most,
    )
    added, fields = _added(form, envelope)
    return Correction(
        message=form["message"].replace("\r\n", "\n"),
        expires_at=expires_at,
        reminders=reminders if reminders != was else None,
        may_reassign=form.checked("may_reassign"),
        recipients=[
            change
            for each in people
            if str(each.pk) not in removed and (change := _change(form, each)) is not None
        ],
        added=added,
        removed=removed,
        fields=fields,
        removed_fields=form["remove_field"] or [],
    )


def _change(form: Form, person: Recipient) -> RecipientChange | None:
    typed: dict[str, Any] = {
        key: str(form.get(f"{person.pk}.{key}", getattr(person, key))).strip()
        for key in ("name", "email", "role", "order")
    }
    typed["order"] = _order(typed["order"])
    differing = {key: value for key, value in typed.items() if value != getattr(person, key)}
    own = {key: form[f"{person.pk}.{key}"] for key in asked_anew(person.identity_methods)}
    return RecipientChange(id=person.pk, **differing, **own) if differing else None


def _added(form: Form, envelope: Envelope) -> tuple[list[NewRecipient], list[AddedField]]:
    people: list[NewRecipient] = []
    fields: list[AddedField] = []
    for number in range(1, ADDED_ROWS + 1):
        name, email = form[f"new{number}.name"].strip(), form[f"new{number}.email"].strip()
        if not name and not email:
            continue
        role = form[f"new{number}.role"] or Role.SIGNER.value
        people.append(
            NewRecipient(
                name=name, email=email, role=role, order=_order(form[f"new{number}.order"] or "1")
            )
        )
        if role == Role.SIGNER:
            place = _signature_place(form, envelope, number)
            fields.append(
                AddedField(
                    kind=FieldKind.SIGNATURE.value,
                    added=len(people),
                    document=place[0],
                    page=place[1],
                    box=place[2],
                )
            )
    return people, fields


def _signature_place(form: Form, envelope: Envelope, number: int) -> tuple[int, int, Box]:
    position, _, wanted = form[f"new{number}.page"].partition(":")
    document = envelope.documents.filter(
        position=int(position) if re.fullmatch(r"[0-9]{1,3}", position) else 0
    ).first()
    on_page = int(wanted) if re.fullmatch(r"[0-9]{1,4}", wanted) else 0
    if document is None or not 1 <= on_page <= document.page_count:
        raise _invalid(f"new{number}.page", "Choose the page for the signature.")
    middle = []
    for axis in ("x", "y"):
        typed = form[f"new{number}.{axis}"].replace(",", ".").strip()
        if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3})?", typed) or float(typed) > 100:
            raise _invalid(f"new{number}.{axis}", "Give 0 to 100 percent of the page.")
        middle.append(float(typed) / 100)
    geometry = PageGeometry.from_json(document.pages[on_page - 1])
    width, height = SIZES[FieldKind.SIGNATURE]
    w, h = width / geometry.width, height / geometry.height
    return document.position, on_page, Box(middle[0] - w / 2, middle[1] - h / 2, w, h).inside()


def _order(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text):
        raise _invalid("order", "The order is a number from 1 to 100.")
    return int(text)


def _days(form: Form, key: str, most: int) -> int | None:
    text = form[key].strip()
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= most:
        raise _invalid(key, f"Give 1 to {most}, or leave it empty.")
    return int(text)


def _shown_time(moment: datetime | None) -> str:
    return timezone.localtime(moment, UTC).strftime("%Y-%m-%dT%H:%M") if moment else ""


def _time(form: Form, key: str) -> datetime:
    try:
        return datetime.fromisoformat(form[key]).replace(tzinfo=UTC)
    except ValueError:
        raise _invalid(key, "Give a day and a time.") from None


def _invalid(key: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={key: [sentence]})
