"""Signing inside another site: the address that works once, and the ceremony in the frame.

There are no cookies in a frame of another site: the secret in the address stands for the
session, and nothing rides on a cookie that a stranger could borrow. So these pages ask for no
CSRF token, and only the named origin may frame them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from dealwright.base.errors import NotFound
from dealwright.base.people.tokens import visible_tokens
from dealwright.base.web.pages import Form, actor_of, done, page, render
from dealwright.signing.ceremonies.pages import client_address
from dealwright.signing.embedding import services
from dealwright.signing.embedding.models import EmbeddedSigning

View = Callable[..., HttpResponseBase]


def begin(request: HttpRequest, secret: str) -> HttpResponseBase:
    """Use up an address and go on to the visit that it opens."""
    if request.method != "GET":  # a HEAD looks, and must not use it up
        return HttpResponseNotAllowed(["GET"])
    try:
        session = services.begin_visit(
            secret,
            details={
                "ip": client_address(request),
                "user_agent": request.headers.get("User-Agent", "")[:400],
            },
            request_id=getattr(request, "request_id", ""),
        )
    except NotFound as error:
        expired = services.find_expired(secret)
        if expired is not None and expired.return_url:
            return _guarded(expired, HttpResponseRedirect(_back(expired, "expired"), status=303))
        status = 404 if error.code == "unknown_url" else 410
        response = render(request, "signing/embedding/gone.html", {"said": error.message}, status)
        return _guarded(expired, response)
    response = HttpResponseRedirect(f"/sign/{services.PREFIX}{session}", status=303)
    return _guarded(services.find_visit(session), response)


def embedded(view: View, *, leaves: bool = False) -> View:
    """A page of the ceremony for a visit inside another site; ``leaves`` is that of “finish
    later”."""

    @csrf_exempt
    @wraps(view)
    def framed(request: HttpRequest, token: str, **values: Any) -> HttpResponseBase:
        visit = services.find_visit(token)
        if visit is None:
            said = "This visit is over. Go back to where you came from and open it again."
            return render(request, "signing/embedding/gone.html", {"said": said}, 410)
        if visit.return_url and request.method == "GET":
            recipient = visit.recipient
            outcome = services.outcome_of(recipient.envelope, recipient)
            if leaves or outcome:
                target = _back(visit, outcome or "later")
                return _guarded(visit, HttpResponseRedirect(target, status=303))
        own = request.session
        memory = _Memory(visit.state, signing_visit=services.visit_key(token))
        request.session = memory  # type: ignore[assignment]
        try:
            response = view(request, token=f"{services.PREFIX}{token}", **values)
        finally:
            request.session = own
        if memory.kept != visit.state:
            visit.state = memory.kept
            visit.save(update_fields=["state"])
        return _guarded(visit, response)

    return framed


@page(profiles=["administrator"])
def sites(request: HttpRequest) -> HttpResponse:
    """Settings: the sites that may show signing."""
    actor = actor_of(request)
    form = Form(request)
    if request.method == "POST":
        with form:
            services.allow_site(actor, form["origin"], token_id=form["token"] or None)
            return done(request, "/settings/embedded-signing", _("Saved."))
    tokens = [(each.pk, f"{each.name} ({each.prefix}…)") for each in visible_tokens(actor)]
    context = {"sites": services.sites(), "tokens": tokens}
    return form.page("signing/embedding/sites.html", context)


@page(profiles=["administrator"], methods=["POST"])
def forbid(request: HttpRequest, site_id: UUID) -> HttpResponse:
    services.forbid_site(actor_of(request), site_id)
    return done(request, "/settings/embedded-signing", _("Removed."))


class _Memory(dict[str, Any]):
    """A session for one request; what a page keeps for the visit rests in its row."""

    session_key = ""
    modified = accessed = False

    def __init__(self, state: dict[str, Any], **own: Any) -> None:
        super().__init__({**state, **own})
        self._own = set(own)

    @property
    def kept(self) -> dict[str, Any]:
        return {key: value for key, value in self.items() if key not in self._own}


def _back(visit: EmbeddedSigning, outcome: str) -> str:
    """The caller's address with how it ended."""
    parts = urlsplit(visit.return_url)
    told = {
        "event": outcome,
        "envelope": str(visit.recipient.envelope_id),
        "recipient": str(visit.recipient_id),
    }
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in told]
    return urlunsplit(parts._replace(query=urlencode([*kept, *told.items()])))


def _guarded(visit: EmbeddedSigning | None, response: HttpResponseBase) -> HttpResponseBase:
    """Only the named origin may frame it, and it may only send the signer back to where the
    caller said; without an origin the product's own policy stays."""
    response.headers["Cache-Control"] = response.headers.get("Cache-Control", "no-store")
    response.headers["Referrer-Policy"] = "no-referrer"
    policy = dict(getattr(response, "_csp_config", None) or settings.SECURE_CSP)
    if visit is not None and visit.origin:
        policy["frame-ancestors"] = [visit.origin]
        response.xframe_options_exempt = True  # type: ignore[attr-defined]
    if visit is not None and visit.return_url:
        parts = urlsplit(visit.return_url)
        # Browsers hold the redirects after a form was sent to this as well.
        policy["form-action"] = [*policy["form-action"], f"{parts.scheme}://{parts.netloc}"]
    response._csp_config = policy  # type: ignore[attr-defined]
    return response
