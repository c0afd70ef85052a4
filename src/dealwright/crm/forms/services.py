"""What can be done with web forms, and how a sending becomes a lead."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Invalid, NotFound, Unavailable
from dealwright.base.objects.registry import object_type
from dealwright.base.records.services import insert_record, save_changes
from dealwright.crm.forms.models import FormSubmission, WebForm
from dealwright.crm.forms.questions import QUESTIONS, checked_questions
from dealwright.crm.leads.capture import UTM_FIELDS, capture_lead
from dealwright.crm.leads.models import Lead

TRAP = "website"  # a field no person sees; whoever fills it is a program
FASTEST_SECONDS = 2  # between opening and sending; FORM_FASTEST_SECONDS in the settings
SLOWEST = timedelta(hours=24)
PER_HOUR = 20  # sendings of one sender
_SALT = "dealwright.crm.forms"
_HIDDEN = (*UTM_FIELDS, "landing_page", "referrer", "visitor")


def create_web_form(actor: Actor, values: Mapping[str, Any]) -> WebForm:
    """Make a form. Raises Invalid, or Conflict for an address that is taken."""
    form: WebForm = insert_record(actor, object_type("web_form"), _checked(values))
    return form


def update_web_form(actor: Actor, form: WebForm, values: Mapping[str, Any]) -> WebForm:
    """Change a form. Raises Invalid, or Conflict for an address that is taken."""
    updated: WebForm = save_changes(actor, form, _checked(values))
    return updated


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    cleaned = dict(values)
    wrong = {}
    if "slug" in cleaned:
        cleaned["slug"] = str(cleaned["slug"]).strip().lower()
        if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", cleaned["slug"]):
            wrong["slug"] = ["Address: use small letters, digits and hyphens, such as contact-us."]
    if cleaned.get("embed_origins"):
        origins = cleaned["embed_origins"].split()
        bad = [each for each in origins if not _is_origin(each)]
        if bad:
            wrong["embed_origins"] = [f"“{bad[0][:80]}” is no address such as https://example.com."]
        cleaned["embed_origins"] = " ".join(origins)
    if wrong:
        raise Invalid(" ".join(each for some in wrong.values() for each in some), fields=wrong)
    if "fields" in cleaned:
        cleaned["fields"] = checked_questions(cleaned["fields"])
    return cleaned


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        return False
    bare = not (parts.path or parts.query or parts.fragment or parts.username)
    plain = re.fullmatch(r"[a-z0-9.-]+", host) is not None
    return parts.scheme in ("http", "https") and bare and plain


def get_public_form(slug: str) -> WebForm:
    """A form that is open to the public; raises NotFound."""
    form: WebForm | None = WebForm.objects.filter(slug=slug, is_active=True).first()
    if form is None:
        raise NotFound("There is no form at this address.")
    return form


def stamp_form(form: WebForm) -> str:
    """A signed note of when a form was opened, to be sent with it."""
    return signing.dumps(str(form.pk), salt=_SALT)


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a sending: the lead, or None where it was put aside as spam."""

    submission: FormSubmission
    lead: Lead | None


def submit_form(
    actor: Actor, form: WebForm, sent: Mapping[str, str], *, sender: str = ""
) -> Received:
    """Take in what a visitor sent.

    ``sent`` holds the answers, the UTM fields, ``stamp`` and the trap; ``sender`` is the
    visitor's address, of which only a keyed hash is kept. What looks like a program's work
    is kept aside and looks to its sender like success. Raises Invalid for wrong answers,
    Unavailable where one sender sends too often.
    """
    _refuse_flood(sender)
    answers = _answers(form, sent)
    suspicion = _suspicion(form, sent)
    with change(actor):
        submission = FormSubmission(
            form=form,
            values={
                **answers,
                **{key: str(sent.get(key, ""))[:1000] for key in _HIDDEN if sent.get(key)},
            },
            sender_hash=_hash(sender),
            refused=suspicion,
        )
        lead = None
        if not suspicion:
            message = answers.get("message", "")
            lead = capture_lead(
                actor,
                {key: value for key, value in answers.items() if key != "message"},
                source=Lead.Source.WEB,
                source_detail=form.name,
                message=message,
                utm={key: str(sent.get(key, "")) for key in UTM_FIELDS},
                landing_page=str(sent.get("landing_page", "")),
                referrer=str(sent.get("referrer", "")),
                campaign_id=form.campaign_id,
                form_id=form.pk,
            )
            submission.lead = lead
        submission.save()
    return Received(submission, lead)


def _answers(form: WebForm, sent: Mapping[str, str]) -> dict[str, str]:
    answers: dict[str, str] = {}
    wrong: dict[str, list[str]] = {}
    for asked in form.fields:
        key, label = asked["key"], asked["label"]
        text = str(sent.get(key, "")).replace("\x00", "").strip()
        limit = QUESTIONS[key].limit
        if asked["required"] and not text:
            wrong[key] = [f"{label} is required."]
        elif len(text) > limit:
            wrong[key] = [f"{label} may have at most {limit} characters."]
        elif text:
            answers[key] = text
    if wrong:
        raise Invalid("Please look at the marked answers.", fields=wrong)
    return answers


def _suspicion(form: WebForm, sent: Mapping[str, str]) -> str:
    if sent.get(TRAP):
        return "trap"
    try:
        value = signing.loads(str(sent.get("stamp", "")), salt=_SALT, max_age=SLOWEST)
    except signing.SignatureExpired:
        return "too old"
    except signing.BadSignature:
        return "no stamp"
    if value != str(form.pk):
        return "another form's stamp"
    try:
        fastest = getattr(settings, "FORM_FASTEST_SECONDS", FASTEST_SECONDS)
        signing.loads(str(sent["stamp"]), salt=_SALT, max_age=fastest)
    except signing.SignatureExpired:
        return ""
    return "too fast"


def _refuse_flood(sender: str) -> None:
    if not sender:
        return
    since = timezone.now() - timedelta(hours=1)
    recent = FormSubmission.objects.filter(sender_hash=_hash(sender), at__gt=since).count()
    if recent >= PER_HOUR:
        raise Unavailable("Too many messages came from here. Please try again in an hour.")


def _hash(sender: str) -> str:
    """A keyed hash, so that the address cannot be found by trying all addresses."""
    if not sender:
        return ""
    key = f"{_SALT}{settings.SECRET_KEY}".encode()
    return hmac.new(key, sender.encode(), hashlib.sha256).hexdigest()
