"""“To sign”: what waits for the signed-in user, and the way there."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dealwright.base.web.pages import actor_of, page, render
from dealwright.signing.ceremonies.pages import client_address
from dealwright.signing.envelopes.models import EnvelopeStatus
from dealwright.signing.envelopes.queries import TONES
from dealwright.signing.inbox import queries, services

# How a visit ended, as the way back to the list says it.
ENDED = {
    "signed": gettext_noop("Done. The sender can go on."),
    "declined": gettext_noop("Declined. The sender was told."),
    "reassigned": gettext_noop("Handed on."),
}


@page
def to_sign(request: HttpRequest) -> HttpResponse:
    """What waits for one's signature, whom one hosts, and what one has signed lately."""
    user = actor_of(request).require_user()
    ended = ENDED.get(request.GET.get("event", ""))
    if ended:
        messages.success(request, _(ended))
        return redirect("/to-sign")
    return render(
        request,
        "signing/inbox/to_sign.html",
        {
            "waiting": queries.waiting_for(user)[: queries.MOST],
            "hosted": queries.hosted_by(user)[: queries.MOST],
            "done": queries.done_by(user)[: queries.MOST],
            "labels": dict(EnvelopeStatus.choices),
            "tones": TONES,
            "is_confirmed": queries.has_confirmed(user),
            "email": user.email,
        },
    )


@page(methods=["POST"])
def open_part(request: HttpRequest, recipient_id: UUID) -> HttpResponse:
    """Go to one's part; a POST, so that nothing that only fetches opens it."""
    details = {
        "ip": client_address(request),
        "user_agent": request.headers.get("User-Agent", "")[:400],
    }
    return redirect(services.open_part(actor_of(request), recipient_id, details=details))
