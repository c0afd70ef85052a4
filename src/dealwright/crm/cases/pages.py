"""The pages of a case beyond its record, and of the promises on cases."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.access.actor import change
from dealwright.base.access.visibility import get_visible
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.people.models import Profile
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.crm.cases.models import Case, Priority
from dealwright.crm.cases.services import (
    assign_case,
    respond_to_case,
    set_case_status,
    set_sla_target,
    targets,
)
from dealwright.crm.typed import typed_decimal


@page
def status(request: HttpRequest, record_id: UUID, status: str) -> HttpResponse:
    """Move a case on; solving asks how it was solved."""
    if status not in Case.Status.values:
        raise NotFound(_("There is nothing at this address."))
    actor = actor_of(request)
    case: Case = get_visible(actor, "case", record_id)
    form = Form(request, {"resolution": case.resolution})
    if request.method == "POST":
        with form:
            set_case_status(actor, record_id, status, resolution=form["resolution"])
            return done(request, f"/cases/{record_id}", _("Saved."))
    context = {
        "case": case,
        "status": status,
        "label": Case.Status(status).label,
        "back": f"/cases/{record_id}",
    }
    return form.page("crm/cases/status.html", context)


@page
def assign(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Give a case to a colleague."""
    actor = actor_of(request)
    case: Case = get_visible(actor, "case", record_id)
    form = Form(request)
    if request.method == "POST":
        with form:
            try:
                owner_id = UUID(form["owner"])
            except ValueError:
                sentence = _("Choose a colleague.")
                raise Invalid(sentence, fields={"owner": [sentence]}) from None
            assign_case(actor, record_id, owner_id)
            return done(request, "/cases", _("Assigned."))
    return form.page("crm/cases/assign.html", {"case": case, "back": f"/cases/{record_id}"})


@page(methods=["POST"])
def respond(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Note that the customer was answered."""
    respond_to_case(actor_of(request), record_id)
    return done(request, f"/cases/{record_id}", _("Noted."))


@page(profiles=[Profile.ADMINISTRATOR])
def promises(request: HttpRequest) -> HttpResponse:
    """How soon cases of each priority are answered and solved."""
    known = targets()
    initial = {}
    for priority, (response, resolution) in known.items():
        initial[f"{priority}.response"] = f"{response / 60:g}"
        initial[f"{priority}.resolution"] = f"{resolution / 60:g}"
    form = Form(request, initial)
    if request.method == "POST":
        with form, change(actor_of(request)):
            for priority in Priority:
                hours = [
                    typed_decimal(f"{priority}.{part}", _("Hours"), form[f"{priority}.{part}"])
                    for part in ("response", "resolution")
                ]
                try:
                    set_sla_target(
                        actor_of(request),
                        priority,
                        response_minutes=int((hours[0] or 0) * 60),
                        resolution_minutes=int((hours[1] or 0) * 60),
                    )
                except Invalid as error:
                    raise Invalid(
                        error.message,
                        fields={
                            f"{priority}.{key.removesuffix('_minutes')}": sentences
                            for key, sentences in error.fields.items()
                        },
                    ) from None
            return done(request, "/settings/promises", _("Saved."))
    return form.page("crm/cases/promises.html", {"priorities": Priority.choices})
