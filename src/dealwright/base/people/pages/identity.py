"""Settings: identity providers people come from, and programs that sign in with Dealwright."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.people import identity
from dealwright.base.web.pages import Form, actor_of, done, page, render


@page(profiles=["administrator"], methods=["GET", "HEAD"])
def overview(request: HttpRequest) -> HttpResponse:
    """Both lists."""
    context = {
        "providers": identity.providers(),
        "clients": identity.clients(),
        "issuer": settings.PUBLIC_URL,
    }
    return render(request, "base/people/identity.html", context)


@page(profiles=["administrator"])
def add_provider(request: HttpRequest) -> HttpResponse:
    """Trust another identity provider."""
    form = Form(request)
    if request.method == "POST":
        with form:
            app = identity.add_provider(
                actor_of(request),
                name=form["name"],
                issuer=form["issuer"],
                client_id=form["client_id"],
                secret=form["secret"],
            )
            done_text = _("%(name)s is on the sign-in page now.") % {"name": app.name}
            return done(request, "/settings/identity", done_text)
    context = {"public_url": settings.PUBLIC_URL}
    return form.page("base/people/add_provider.html", context)


@page(profiles=["administrator"], methods=["POST"])
def remove_provider(request: HttpRequest, provider_pk: int) -> HttpResponse:
    """Trust a provider no longer."""
    identity.remove_provider(actor_of(request), provider_pk)
    return done(request, "/settings/identity", _("Removed."))


@page(profiles=["administrator"])
def add_client(request: HttpRequest) -> HttpResponse:
    """Let a program sign people in with Dealwright."""
    form = Form(request)
    if request.method == "POST":
        with form:
            made = identity.add_client(
                actor_of(request),
                name=form["name"],
                redirect_uris=form["redirect_uris"],
                public=form.checked("public"),
                ask=form.checked("ask"),
            )
            context = {"made": made, "issuer": settings.PUBLIC_URL}
            return render(request, "base/people/client_made.html", context)
    return form.page("base/people/add_client.html")


@page(profiles=["administrator"], methods=["POST"])
def remove_client(request: HttpRequest, client_id: str) -> HttpResponse:
    """Take a program's sign-in away."""
    identity.remove_client(actor_of(request), client_id)
    return done(request, "/settings/identity", _("Removed."))
