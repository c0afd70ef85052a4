"""A person's rights, at the person's record."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.access.visibility import get_visible
from dealwright.base.errors import Invalid
from dealwright.base.people.models import Profile
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.crm.contacts.models import Contact
from dealwright.crm.privacy.services import erase_person, export_person


@page(methods=["GET"])
def export(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Everything about the person as a ZIP."""
    name, content = export_person(actor_of(request), record_id)
    response = HttpResponse(content, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response


@page(profiles=[Profile.ADMINISTRATOR])
def erase(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Ask, with the name typed again, then forget the person."""
    actor = actor_of(request)
    contact: Contact = get_visible(actor, "contact", record_id)
    form = Form(request)
    if request.method == "POST":
        with form:
            if form["name"].strip().casefold() != str(contact.name).strip().casefold():
                sentence = _("Type the person's name to confirm.")
                raise Invalid(sentence, fields={"name": [sentence]})
            erase_person(actor, record_id, reason=form["reason"])
            return done(request, f"/contacts/{record_id}", _("The person is erased."))
    return form.page(
        "crm/privacy/erase.html", {"contact": contact, "back": f"/contacts/{record_id}"}
    )
