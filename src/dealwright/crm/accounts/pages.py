"""The requests of an account's panels."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.errors import Invalid
from dealwright.base.web.pages import Form, actor_of, done, page, render, toast
from dealwright.crm.accounts.panels import people_context
from dealwright.crm.accounts.services import link_contact, unlink_contact


@page(methods=["POST"])
def save_link(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Link a person with a role, or change the role; answers the panel."""
    actor = actor_of(request)
    form = Form(request)
    with form:
        if not form["contact"]:
            sentence = _("Choose a contact.")
            raise Invalid(sentence, fields={"contact": [sentence]})
        link_contact(
            actor, record_id, form["contact"], role=form["role"], influence=form["influence"]
        )
        return _panel(request, actor.user, record_id, _("Saved."))
    context = {**(people_context(actor.user, record_id) or {}), "record_id": record_id}
    return form.page("crm/accounts/people_panel.html", context)


@page(methods=["POST"])
def remove_link(request: HttpRequest, record_id: UUID, link_id: UUID) -> HttpResponse:
    """Take a person off the account; answers the panel."""
    actor = actor_of(request)
    unlink_contact(actor, link_id)
    return _panel(request, actor.user, record_id, _("Removed."))


def _panel(request: HttpRequest, user: Any, record_id: UUID, said: str) -> HttpResponse:
    if not request.headers.get("HX-Request"):
        return done(request, f"/accounts/{record_id}?tab=people", said)
    context = {**(people_context(user, record_id) or {}), "record_id": record_id}
    return toast(render(request, "crm/accounts/people_panel.html", context), said)
