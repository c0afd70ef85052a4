"""The public pages of signing forms: ask for a document, confirm the mailbox, go on to sign."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.utils.csp import CSP
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Conflict, NotFound
from dealwright.base.people.organization import organization
from dealwright.base.web.pages import Form, render
from dealwright.signing.ceremonies.pages import client_address
from dealwright.signing.public_forms import queries, services
from dealwright.signing.public_forms.models import SigningForm


# A stranger has no session to protect, and inside another site's page no cookie to prove one
# with: the signed stamp takes the place of the token.
@csrf_exempt
@xframe_options_exempt
def public_form(request: HttpRequest, slug: str) -> HttpResponse:
    """The form at its public address; ``embed=1`` draws it bare, for another site's page."""
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    found = queries.find_form(slug)
    closed = queries.why_closed(found)
    if closed:
        return _framed(found, _closed(request, found, closed))
    form = Form(request)
    sent = False
    if request.method == "POST":
        actor = Actor(
            user=None,
            via="public",
            request_id=getattr(request, "request_id", ""),
            label=f"Form {found.name}",
        )
        with form:
            typed = {key: str(request.POST[key]) for key in request.POST}
            services.ask(actor, found, typed, sender=client_address(request))
            sent = True
    context = {
        "form": form,
        "signing_form": found,
        "embedded": _is_embedded(request),
        "sent": sent,
        "stamp": form["stamp"] or services.stamp(found),
        "trap": services.TRAP,
        "company": organization().name,
    }
    status = 200 if form.ok else 422
    return _framed(found, render(request, "signing/public_forms/public.html", context, status))


# The secret in the address stands for the session here, too.
@csrf_exempt
@xframe_options_exempt
def confirm(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """The link of the mail. Opening it only shows a button: mail scanners open links, too."""
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    found = queries.find_form(slug)
    try:
        asked = services.find_request(slug, token)
        if request.method == "POST":
            given = services.confirm(
                slug,
                token,
                details={
                    "ip": client_address(request),
                    "user_agent": request.headers.get("User-Agent", "")[:400],
                },
                request_id=getattr(request, "request_id", ""),
            )
            if given.address:
                return HttpResponseRedirect(given.address, status=303)
            said = "There is nothing to sign for you now. You get a message when there is."
            return _framed(found, _closed(request, found, said, status=200))
    except (Conflict, NotFound) as error:
        status = 410 if isinstance(error, Conflict) or error.code == "expired_link" else 404
        return _framed(found, _closed(request, found, error.message, status=status))
    context = {"signing_form": found, "asked": asked, "company": organization().name}
    return _framed(found, render(request, "signing/public_forms/confirm.html", context))


def _closed(
    request: HttpRequest, form: SigningForm, said: str, *, status: int = 410
) -> HttpResponse:
    context = {
        "signing_form": form,
        "said": said,
        "company": organization().name,
        "embedded": _is_embedded(request),
    }
    return render(request, "signing/public_forms/closed.html", context, status)


def _is_embedded(request: HttpRequest) -> bool:
    return "1" in (request.GET.get("embed"), request.POST.get("embed"))


def _framed(form: SigningForm, response: HttpResponse) -> HttpResponse:
    """Only the sites that the form names may show it inside their pages."""
    policy = dict(settings.SECURE_CSP)
    policy["frame-ancestors"] = [CSP.SELF, *form.embed_origins.split()]
    response._csp_config = policy  # type: ignore[attr-defined]
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
