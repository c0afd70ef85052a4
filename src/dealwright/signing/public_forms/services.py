"""What can be done with public signing forms, and how a stranger gets an envelope."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.template import loader
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor, change, system
from dealwright.base.access.visibility import get_visible
from dealwright.base.errors import Conflict, Invalid, NotFound, Unavailable
from dealwright.base.messaging.addresses import check_email
from dealwright.base.messaging.outbox import send_email
from dealwright.base.objects.registry import object_type
from dealwright.base.people.organization import organization
from dealwright.base.records.services import insert_record, save_changes
from dealwright.signing.blueprints.contents import open_numbers, raise_wrong, role_of
from dealwright.signing.blueprints.models import SigningTemplate
from dealwright.signing.blueprints.queries import OBJECT as TEMPLATE
from dealwright.signing.blueprints.using import Filling, current_version, make_envelope
from dealwright.signing.embedding.models import EmbeddedSigning
from dealwright.signing.embedding.services import PREFIX, checked_origin, start_visit
from dealwright.signing.envelopes.models import Role
from dealwright.signing.envelopes.routing import hash_token
from dealwright.signing.envelopes.services import send_envelope, waited_for
from dealwright.signing.evidence.services import record_evidence
from dealwright.signing.identity.choices import asked_anew
from dealwright.signing.public_forms.models import FormRequest, SigningForm
from dealwright.signing.public_forms.queries import OBJECT, why_closed

TRAP = "website"  # a field no person sees; whoever fills it is a program
FASTEST_SECONDS = 2  # between opening and sending; FORM_FASTEST_SECONDS in the settings
SLOWEST = timedelta(hours=24)
LINK_LIFE = timedelta(hours=24)
MAILS_PER_DAY = 5  # to one mailbox, from all forms
_SALT = "dealwright.signing.public_forms"


@dataclass(frozen=True, slots=True)
class Given:
    """What a confirmed stranger gets: the address at which they sign, empty where it is not
    their turn yet, and whether they had it before."""

    address: str
    again: bool = False


def create_form(actor: Actor, values: Mapping[str, Any]) -> SigningForm:
    """Publish a template. Raises Invalid, or Conflict for an address that is taken."""
    form: SigningForm = insert_record(actor, object_type(OBJECT), _checked(actor, None, values))
    return form


def update_form(actor: Actor, form: SigningForm, values: Mapping[str, Any]) -> SigningForm:
    """Change a form. Raises Invalid, or Conflict for an address that is taken."""
    saved: SigningForm = save_changes(actor, form, _checked(actor, form, values))
    return saved


def stamp(form: SigningForm) -> str:
    """A signed note of when the form was opened, to be sent with it."""
    return signing.dumps(str(form.pk), salt=_SALT)


def ask(
    actor: Actor, form: SigningForm, sent: Mapping[str, str], *, sender: str = ""
) -> FormRequest:
    """Take what a stranger typed and write to their mailbox, which they have to confirm.

    ``sent`` holds ``name``, ``email``, ``stamp`` and the trap. What looks like a program's work
    is put aside and looks like success. Raises Invalid for wrong answers, Conflict where the
    form is closed, Unavailable where one sender asks too often.
    """
    closed = why_closed(form)
    if closed:
        raise Conflict(closed, code="closed")
    name, email = _person(sent)
    _refuse_flood(form, sender)
    refused = _suspicion(form, sent)
    now = timezone.now()
    recent = FormRequest.objects.filter(
        email=email, at__gt=now - timedelta(days=1), refused=""
    ).count()
    if not refused and recent >= MAILS_PER_DAY:
        refused = "too many mails"
    token = "" if refused else secrets.token_urlsafe(32)
    with change(actor):
        made: FormRequest = FormRequest.objects.create(
            form=form,
            name=name,
            email=email,
            sender_hash=_hash(sender),
            refused=refused,
            token_hash=hash_token(token) if token else "",
        )
        if token:
            _write_to(actor, form, made, token)
    return made


def find_request(slug: str, token: str) -> FormRequest:
    """Whose link this is; raises NotFound, with the code "expired_link" after a day."""
    found: FormRequest | None = (
        FormRequest.objects.select_related("form__template", "form__owner", "envelope")
        .filter(form__slug=slug, form__deleted_at=None, token_hash=hash_token(token))
        .first()
    )
    if found is None:
        raise NotFound("This link is not valid. Ask for a new one on the form.")
    if found.envelope_id is None and found.at < timezone.now() - LINK_LIFE:
        raise NotFound("This link has expired. Ask for a new one on the form.", code="expired_link")
    return found


def confirm(slug: str, token: str, *, details: Mapping[str, str], request_id: str = "") -> Given:
    """Give the envelope to whoever confirmed their mailbox; the second time the same one.

    Raises NotFound, or Conflict where the form is closed or the mailbox had as many as it may.
    """
    request = find_request(slug, token)
    form = request.form
    actor = system(f"Form {form.name}")
    with change(actor):
        # Locked, so that two at once do not pass a limit.
        SigningForm.objects.select_for_update(of=("self",)).get(pk=form.pk)
        locked = FormRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
        again = locked.envelope_id is not None
        if not again:
            _give(actor, form, locked)
        envelope = locked.envelope
        assert envelope is not None
        mine = [each for each in waited_for(envelope) if each.email.lower() == locked.email.lower()]
        if not envelope.is_open or not mine:
            return Given("", again)
        if not again:
            record_evidence(
                envelope,
                "recipient.mailbox_confirmed",
                actor=actor,
                recipient=mine[0],
                facts={"form": str(form.pk), "request": str(locked.pk)},
                details={"email": locked.email, **details},
            )
        visit = EmbeddedSigning(
            recipient=mine[0],
            client=f"Form {form.name}"[:200],
            origin=_only_origin(form),
            url_hash=hash_token(secrets.token_urlsafe(32)),
            url_expires_at=timezone.now(),
        )
        visit.save(force_insert=True)
        session = start_visit(visit, details=details, request_id=request_id)
    return Given(f"/sign/{PREFIX}{session}", again)


def _give(actor: Actor, form: SigningForm, request: FormRequest) -> None:
    closed = why_closed(form)
    if closed:
        raise Conflict(closed, code="closed")
    had = FormRequest.objects.filter(form=form, email=request.email, envelope__isnull=False).count()
    if had >= form.most_per_person:
        raise Conflict(
            "This mailbox has received its document already. Look for our earlier message.",
            code="had_already",
        )
    envelope = make_envelope(
        actor,
        current_version(actor, form.template),
        Filling(
            people={form.role: (request.name, request.email)},
            values={"name": request.name, "email": request.email},
        ),
        source="form",
        source_id=form.pk,
        owner=form.owner,
    )
    send_envelope(actor, envelope.pk)
    envelope.refresh_from_db()
    request.envelope, request.confirmed_at = envelope, timezone.now()
    request.save(update_fields=["envelope", "confirmed_at"])


def _checked(actor: Actor, form: SigningForm | None, values: Mapping[str, Any]) -> dict[str, Any]:
    cleaned = dict(values)
    wrong: dict[str, list[str]] = {}
    if "slug" in cleaned:
        cleaned["slug"] = str(cleaned["slug"]).strip().lower()
        if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", cleaned["slug"]):
            wrong["slug"] = ["Address: use small letters, digits and hyphens, such as our-nda."]
    for key, name in (("most_per_person", "Per person"), ("most_per_sender", "Per sender")):
        if key in cleaned and not 1 <= (cleaned[key] or 0) <= 1_000:
            wrong[key] = [f"{name}: a number from 1 to 1000."]
    if cleaned.get("most_in_all") is not None and not 1 <= cleaned["most_in_all"] <= 1_000_000:
        wrong["most_in_all"] = ["In all: a number from 1 to 1000000, or empty."]
    raise_wrong(wrong)
    if cleaned.get("embed_origins"):
        origins = [
            checked_origin(each, key="embed_origins") for each in cleaned["embed_origins"].split()
        ]
        cleaned["embed_origins"] = " ".join(origins)
    template_id = cleaned.get("template_id", form.template_id if form else None)
    if {"template_id", "role", "is_active"} & set(cleaned) and template_id:
        template: SigningTemplate = get_visible(actor, TEMPLATE, template_id)
        number = cleaned.get("role", form.role if form else 1) or 1
        if cleaned.get("is_active", form.is_active if form else True):
            _check_role(template, number)
        cleaned["role"] = number
    return cleaned


def _check_role(template: SigningTemplate, number: int) -> None:
    """Raises Invalid where somebody else than the stranger would have to be named."""
    roles = [role_of(each) for each in template.roles]
    sentence = ""
    if template.archived_at is not None:
        sentence = "The template is archived."
    elif not 1 <= number <= len(roles):
        sentence = f"The template has roles 1 to {len(roles)}."
    elif roles[number - 1].is_fixed or roles[number - 1].role in (Role.CC, Role.EDITOR):
        sentence = f"Role {number} is not one that a stranger can take."
    elif open_numbers(roles) != [number]:
        others = [each for each in open_numbers(roles) if each != number]
        sentence = (
            f"Say in the template who always is {roles[others[0] - 1].name}: "
            "a public form can name nobody."
        )
    else:
        role = roles[number - 1]
        methods = {role.identity_method, *(role.more.get("identity_methods") or [])}
        if asked_anew(sorted(methods)):
            sentence = f"{role.name}: a stranger has no access code and has given no number."
    if sentence:
        raise_wrong({"role": [sentence]})


def _person(sent: Mapping[str, str]) -> tuple[str, str]:
    wrong: dict[str, list[str]] = {}
    name = " ".join(str(sent.get("name", "")).replace("\x00", "").split())
    if not name or len(name) > 160:
        wrong["name"] = ["Tell us your name, in at most 160 characters."]
    email = ""
    try:
        email = check_email(str(sent.get("email", "")).replace("\x00", "")).lower()
    except Invalid as error:
        wrong["email"] = [error.message]
    raise_wrong(wrong)
    return name, email


def _suspicion(form: SigningForm, sent: Mapping[str, str]) -> str:
    if sent.get(TRAP):
        return "trap"
    given = str(sent.get("stamp", ""))
    try:
        value = signing.loads(given, salt=_SALT, max_age=SLOWEST)
    except signing.SignatureExpired:
        return "too old"
    except signing.BadSignature:
        return "no stamp"
    if value != str(form.pk):
        return "another form's stamp"
    try:
        fastest = getattr(settings, "FORM_FASTEST_SECONDS", FASTEST_SECONDS)
        signing.loads(given, salt=_SALT, max_age=fastest)
    except signing.SignatureExpired:
        return ""
    return "too fast"


def _refuse_flood(form: SigningForm, sender: str) -> None:
    if not sender:
        return
    since = timezone.now() - timedelta(days=1)
    recent = form.requests.filter(sender_hash=_hash(sender), at__gt=since).count()
    if recent >= form.most_per_sender:
        raise Unavailable("Too many requests came from here today. Please try again tomorrow.")


def _write_to(actor: Actor, form: SigningForm, request: FormRequest, token: str) -> None:
    """The mail with the link; in the language of the template."""
    known = form.template.language in dict(settings.LANGUAGES)
    with translation.override(form.template.language if known else "en"):
        address = f"{settings.PUBLIC_URL}/s/{form.slug}/confirm/{token}"
        company = organization().name
        label = _("Open your document")
        greeting = _("Hello %(name)s,") % {"name": request.name}
        paragraphs = [
            _("you asked %(company)s for “%(title)s”. Confirm that this is your mailbox, and your "
              "document opens.") % {"company": company, "title": form.title},
            _("The link is valid for 24 hours. If you did not ask for it, do nothing."),
        ]  # fmt: skip
        html = loader.render_to_string(
            "signing/envelopes/mail.html",
            {"greeting": greeting, "paragraphs": paragraphs, "button": (label, address),
             "title": form.title, "company": company},
        )  # fmt: skip
        send_email(
            actor,
            to=request.email,
            to_name=request.name,
            subject=_("Confirm your mailbox: %(title)s") % {"title": form.title},
            text="\n\n".join([greeting, *paragraphs, f"{label}: {address}"]),
            html=html,
            object=OBJECT,
            record_id=form.pk,
            purpose="signing.form",
            sensitive=True,
        )


def _only_origin(form: SigningForm) -> str:
    """The site that frames the ceremony, where the form names exactly one."""
    origins = form.embed_origins.split()
    return origins[0] if len(origins) == 1 else ""


def _hash(sender: str) -> str:
    """A keyed hash, so that the address cannot be found by trying all addresses."""
    if not sender:
        return ""
    key = f"{_SALT}{settings.SECRET_KEY}".encode()
    return hmac.new(key, sender.encode(), hashlib.sha256).hexdigest()
