"""What the page of a public signing form shows beside its fields."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from django.conf import settings
from django.utils import timezone

from dealwright.base.access.visibility import visible_to
from dealwright.base.errors import NotFound
from dealwright.signing.blueprints.contents import open_numbers, role_of
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.envelopes.queries import TONES
from dealwright.signing.public_forms.models import FormRequest, SigningForm

OBJECT = "signing_form"
_SAID = {
    "trap": "Filled in what no person sees",
    "too old": "Opened more than a day before",
    "no stamp": "Not sent from the page",
    "another form's stamp": "Not sent from this page",
    "too fast": "Sent faster than a person types",
    "too many mails": "Too many messages to this mailbox today",
}


def find_form(slug: str) -> SigningForm:
    """A form by its address; raises NotFound."""
    found: SigningForm | None = (
        SigningForm.objects.select_related("template", "owner").filter(slug=slug).first()
    )
    if found is None:
        raise NotFound("There is no form at this address.")
    return found


def why_closed(form: SigningForm) -> str:
    """Why nobody can ask for an envelope now, as a sentence for strangers; empty where they
    can."""
    template = form.template
    if not form.is_active or template.archived_at or template.deleted_at:
        return "This form is not open."
    if form.closes_at is not None and form.closes_at <= timezone.now():
        return "This form has closed."
    given = form.requests.filter(envelope__isnull=False).count()
    if form.most_in_all is not None and given >= form.most_in_all:
        return "This form is full."
    roles = [role_of(each) for each in template.roles]
    return "" if open_numbers(roles) == [form.role] else "This form is not open."


def requests_panel(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    """Who asked, and what became of it; envelopes as far as the user may see them."""
    form = SigningForm.objects.filter(visible_to(user, "signing_form"), pk=record_id).first()
    if form is None:
        return None
    rows = list(
        FormRequest.objects.filter(form=form).select_related("envelope").order_by("-at")[:50]
    )
    seen = set(
        Envelope.objects.filter(
            visible_to(user, "envelope"), pk__in=[row.envelope_id for row in rows]
        ).values_list("pk", flat=True)
    )
    return {
        "requests": [
            {
                "at": row.at,
                "name": row.name,
                "email": row.email,
                "refused": _SAID.get(row.refused, row.refused),
                "envelope": row.envelope if row.envelope_id in seen else None,
                "tone": TONES[row.envelope.status] if row.envelope else "neutral",
                "confirmed_at": row.confirmed_at,
            }
            for row in rows
        ]
    }


def address_panel(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    """Where the form is, whether it is open, and the code that puts it into another page."""
    form = (
        SigningForm.objects.filter(visible_to(user, "signing_form"), pk=record_id)
        .select_related("template")
        .first()
    )
    if form is None:
        return None
    address = f"{settings.PUBLIC_URL}/s/{form.slug}"
    return {
        "address": address,
        "path": f"/s/{form.slug}",
        "closed": why_closed(form),
        "code": f'<iframe src="{address}?embed=1" title="{escape(form.title)}"'
        ' width="100%" height="760" loading="lazy"></iframe>',
    }
