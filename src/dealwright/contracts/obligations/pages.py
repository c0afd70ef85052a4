"""Ticking obligations off."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.web.pages import actor_of, done, page
from dealwright.contracts.obligations.services import fulfil_obligation, waive_obligation


@page(methods=["POST"])
def settle(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Done, or not needed."""
    actor = actor_of(request)
    if "waive" in request.POST:
        duty = waive_obligation(actor, record_id, note=request.POST.get("note", ""))
        message = _("Waived.")
    else:
        duty = fulfil_obligation(actor, record_id)
        message = _("Done.")
    return done(request, f"/contracts/{duty.contract_id}", message)
