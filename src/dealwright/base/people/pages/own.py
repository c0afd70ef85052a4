"""Settings of one's own: API tokens and sessions."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from dealwright.base.errors import Invalid
from dealwright.base.people import tokens as services
from dealwright.base.people.grants import end_grant, grants_of
from dealwright.base.people.scopes import SCOPES
from dealwright.base.people.users import end_session
from dealwright.base.web.pages import Form, actor_of, done, page, render
from dealwright.base.whole_numbers import whole_number

DAYS = [("30", "30 days"), ("90", "90 days"), ("365", "One year"), ("", "Never")]


@page
def tokens(request: HttpRequest) -> HttpResponse:
    """One's own API tokens (an administrator sees everyone's), the programs that act for one, and
    a form that makes a token."""
    actor = actor_of(request)
    form = Form(request, {"days": "90", "scopes": []}, lists=["scopes"])
    if request.method == "POST":
        with form:
            made = services.create_token(
                actor, name=form["name"], scopes=form["scopes"], expires_at=_end(form["days"])
            )
            return render(request, "base/people/token_made.html", {"made": made})
    context = {
        "tokens": services.visible_tokens(actor)[:500],
        "grants": grants_of(actor),
        "mcp_address": f"{settings.PUBLIC_URL}/mcp",
        "scopes": SCOPES,
        "days": DAYS,
    }
    return form.page("base/people/tokens.html", context)


@page(methods=["POST"])
def revoke_token(request: HttpRequest, token_id: uuid.UUID) -> HttpResponse:
    """End a token."""
    token = services.revoke_token(actor_of(request), token_id)
    said = _("“%(name)s” no longer works.") % {"name": token.name}
    return done(request, "/settings/tokens", said)


@page(methods=["POST"])
def revoke_grant(request: HttpRequest, client_id: str) -> HttpResponse:
    """A program acts for one no longer."""
    program = end_grant(actor_of(request), client_id)
    said = _("“%(name)s” no longer acts for you.") % {"name": program.name}
    return done(request, "/settings/tokens", said)


@page(methods=["POST"])
def end_one_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """End one of one's own sessions."""
    end_session(actor_of(request), session_id)
    return done(request, "/me/sessions/", _("The session has ended."))


def _end(days: str) -> datetime | None:
    if not days:
        return None
    lasting = whole_number(days, least=1, most=3650)
    if lasting is None:
        raise Invalid(_("Choose how long the token lasts."))
    return timezone.now() + timedelta(days=lasting)
