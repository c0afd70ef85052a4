"""Settings: identity providers people come from, and programs that sign in with Dealwright."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dealwright.base.people import identity
from dealwright.base.people.grants import GRANTABLE, scopes_of_program
from dealwright.base.web.pages import Form, actor_of, done, page, render

REACHES = {
    "": [],
    "read": [scope for scope in GRANTABLE if scope.endswith(":read")],
    "write": list(GRANTABLE),
}
REACH_LABELS = [
    ("", gettext_noop("Learns who signs in, nothing else")),
    ("read", gettext_noop("Reads what a person lets it read")),
    ("write", gettext_noop("Reads and changes what a person lets it")),
]


def reach_of(client: Any) -> str:
    """Which of these a program has, as its label."""
    scopes = scopes_of_program(client)
    writes = any(scope.endswith(":write") for scope in scopes)
    return dict(REACH_LABELS)["write" if writes else "read" if scopes else ""]


@page(profiles=["administrator"], methods=["GET", "HEAD"])
def overview(request: HttpRequest) -> HttpResponse:
    """Both lists."""
    context = {
        "providers": identity.providers(),
        "clients": [(client, reach_of(client)) for client in identity.clients()],
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
                signers_only=form.checked("signers_only"),
            )
            done_text = _("%(name)s is on the sign-in page now.") % {"name": app.name}
            if form.checked("signers_only"):
                done_text = _("%(name)s can be asked about signers now.") % {"name": app.name}
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
                scopes=REACHES.get(form["reaches"], ()),
            )
            context = {"made": made, "issuer": settings.PUBLIC_URL}
            return render(request, "base/people/client_made.html", context)
    return form.page(
        "base/people/add_client.html",
        {"reaches": [(key, _(label)) for key, label in REACH_LABELS if key]},
    )


@page(profiles=["administrator"], methods=["POST"])
def remove_client(request: HttpRequest, client_id: str) -> HttpResponse:
    """Take a program's sign-in away."""
    identity.remove_client(actor_of(request), client_id)
    return done(request, "/settings/identity", _("Removed."))
