"""Pages by which a part goes on: to somebody else, to whoever comes next, to who is there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect

from dealwright.base.errors import NotFound
from dealwright.base.web.pages import Form, actor_of, page
from dealwright.signing.ceremonies import editing, in_person, naming, reassigning
from dealwright.signing.ceremonies.pages import back_to, ceremony_page, show_page, visit_of
from dealwright.signing.ceremonies.steps import Ceremony, Step
from dealwright.signing.envelopes.field_pages import sent_fields
from dealwright.signing.envelopes.models import Role
from dealwright.signing.envelopes.queries import editor_of, preview_of
from dealwright.signing.envelopes.routing import pending_recipients
from dealwright.signing.identity.choices import asked_anew
from dealwright.signing.identity.messengers import channel_name


@ceremony_page("GET", "POST")
def assign(request: HttpRequest, ceremony: Ceremony, token: str) -> HttpResponse:
    """Give the own part to somebody else."""
    allowed = reassigning.may_hand_over(
        ceremony.envelope, ceremony.recipient, has_shown=ceremony.step == Step.DOCUMENT
    )
    if ceremony.step not in reassigning.HANDING or (request.method == "GET" and not allowed):
        return back_to(token)
    form = Form(request)
    if request.method == "POST":
        with form:
            reassigning.reassign(
                ceremony,
                name=form["name"],
                email=form["email"],
                reason=form["reason"],
                access_code=form["access_code"],
                phone=form["phone"],
                messenger=form["messenger"],
            )
            return back_to(token)
    asks = asked_anew(ceremony.recipient.identity_methods)
    context = {"form": form, "asks": asks, "messenger_name": channel_name()}
    return show_page(request, ceremony, token, "assign", context)


@ceremony_page("GET", "POST")
def name_next(
    request: HttpRequest, ceremony: Ceremony, token: str, recipient_id: UUID
) -> HttpResponse:
    """Say who comes next, where the sender left it open."""
    if ceremony.step != Step.DOCUMENT:
        return back_to(token)
    named = ceremony.recipient.names.filter(pk=recipient_id, skipped_at=None).first()
    if named is None:
        raise NotFound("You do not name this recipient.")
    form = Form(request, {"name": named.name if named.email else "", "email": named.email})
    if request.method == "POST":
        with form:
            naming.name_next(ceremony, recipient_id, name=form["name"], email=form["email"])
            return back_to(token, "/review")
    context = {"form": form, "role": Role(named.role).label}
    return show_page(request, ceremony, token, "next", context)


@ceremony_page("GET", "POST")
def edit(request: HttpRequest, ceremony: Ceremony, token: str) -> HttpResponse:
    """An editor puts right who signs, where, and what stands there already."""
    if ceremony.step != Step.DOCUMENT or ceremony.recipient.role != Role.EDITOR:
        return back_to(token)
    people = editing.editable_recipients(ceremony.envelope, ceremony.recipient)
    fields = editing.editable_fields(ceremony.envelope, ceremony.recipient)
    known: dict[str, Any] = {}
    for person in people:
        known |= {
            f"people.{person.pk}.name": person.name,
            f"people.{person.pk}.email": person.email,
        }
    for field in fields:
        known[f"fields.{field.pk}.x"] = f"{100 * field.x:.2f}"
        known[f"fields.{field.pk}.y"] = f"{100 * field.y:.2f}"
        known[f"fields.{field.pk}.value"] = field.value
    form = Form(request, known)
    if request.method == "POST":
        with form:
            editing.edit(
                ceremony, people=_typed(request, "people"), fields=_typed(request, "fields")
            )
            return back_to(token, "/review" if form["then"] == "review" else "/edit")
    owners = editing.owners_for(ceremony.envelope, ceremony.recipient)
    context = {
        "form": form,
        "people": people,
        "fields": fields,
        "files": ceremony.envelope.documents.all(),
        "documents": preview_of(
            ceremony.envelope, hidden=[each.pk for each in ceremony.envelope.recipients.all()]
        ),
        "editor": editor_of(ceremony.envelope, owners),
    }
    return show_page(request, ceremony, token, "edit", context)


@ceremony_page("POST")
def edit_fields(request: HttpRequest, ceremony: Ceremony, token: str) -> HttpResponse:
    """What an editor changed of the fields, as the sender's editor sends it."""
    put, removed = sent_fields(request)
    files = editing.edit_fields(ceremony, put=put, removed=removed)
    return JsonResponse({"warnings": [], "files": files})


@page
def host(request: HttpRequest, envelope_id: UUID, recipient_id: UUID) -> HttpResponse:
    """The host of an in-person signer hands the device over; their own session on it ends."""
    actor = actor_of(request)
    recipient = in_person.find_hosted(actor, envelope_id, recipient_id)
    form = Form(request)
    if request.method == "POST":
        with form:
            token = in_person.hand_device(
                actor, envelope_id, recipient_id, checked=form["checked"], visit=visit_of(request)
            )
            logout(request)
            response = redirect(f"/sign/{token}")
            response.status_code = 303
            return response
    turn = {each.pk for each in pending_recipients(recipient.envelope)}
    ready = recipient.envelope.is_open and recipient.pk in turn
    return form.page("signing/ceremonies/host.html", {"recipient": recipient, "ready": ready})


def _typed(request: HttpRequest, kind: str) -> dict[str, dict[str, str]]:
    """What was sent under ``kind.<id>.<key>``, by id."""
    found: dict[str, dict[str, str]] = {}
    for name in request.POST:
        first, _, rest = name.partition(".")
        key, _, part = rest.partition(".")
        if first == kind and key and part:
            found.setdefault(key, {})[part] = str(request.POST[name])
    return found
