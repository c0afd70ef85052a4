"""The public page by which a person stops our sales mail (RFC 8058)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from dealwright.base.access.actor import Actor
from dealwright.base.messaging.models import Suppression
from dealwright.base.messaging.suppression import read_unsubscribe_token, suppress_address
from dealwright.base.web.pages import actor_of, render


@csrf_exempt  # a mail programme posts here without cookies; the token in the address is the right
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, since mail scanners open links; POST, by button or mail programme, acts."""
    address, _purpose = read_unsubscribe_token(token)
    if request.method == "POST":
        visitor = Actor(
            user=None, via="public", request_id=actor_of(request).request_id, label="Receiver"
        )
        suppress_address(
            visitor, address, reason=Suppression.Reason.UNSUBSCRIBED, source="unsubscribe link"
        )
    context = {"address": address, "is_done": request.method == "POST", "token": token}
    response = render(request, "base/messaging/unsubscribe.html", context)
    response["Referrer-Policy"] = "no-referrer"
    return response
