"""The outbox and what came in."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dealwright.base.access.visibility import as_uuid
from dealwright.base.messaging import accounts
from dealwright.base.messaging.models import STATUS_LABELS, InboundMessage, OutboundMessage
from dealwright.base.messaging.outbox import (
    discard_messages,
    get_message,
    release_messages,
    send_again,
    visible_messages,
)
from dealwright.base.messaging.received import get_received, visible_received
from dealwright.base.objects.registry import object_types
from dealwright.base.web.pages import actor_of, done, page, render

_PAGE = 50
TONES = {
    "sent": "success", "delivered": "success", "bounced": "danger", "failed": "danger",
    "suppressed": "warning", "held": "warning", "retrying": "warning", "discarded": "neutral",
    "queued": "info", "sending": "info",
}  # fmt: skip
_TABS = {
    "": Q(),
    "resting": Q(held_at__isnull=False),
    "failed": Q(failed_at__isnull=False) | Q(bounced_at__isnull=False),
}


@page(methods=["GET", "HEAD"])
def outbox(request: HttpRequest) -> HttpResponse:
    """What goes out, newest first."""
    actor = actor_of(request)
    tab = request.GET.get("show", "")
    tab = tab if tab in _TABS else ""
    rows = visible_messages(actor).filter(_TABS[tab])
    messages, following = _page_of(rows, request.GET.get("before", ""))
    resting = visible_messages(actor).aggregate(count=Count("id", filter=_TABS["resting"]))
    return render(
        request,
        "base/messaging/outbox.html",
        {
            "shown": messages,
            "following": following,
            "tabs": _tabs(tab, resting["count"]),
            "resting": resting["count"],
            "has_server": accounts.smtp_account() is not None,
            "is_administrator": actor.require_user().is_administrator,
            "status_labels": STATUS_LABELS,
            "tones": TONES,
        },
    )


@page(methods=["GET", "HEAD"])
def message(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """One message, as it goes out."""
    actor = actor_of(request)
    found = get_message(actor, message_id)
    context = {
        "message": found,
        "attachments": found.attachments.all(),
        "answers": visible_received(actor).filter(outbound=found),
        "record_url": _record_url(found.object, found.record_id),
        "status_labels": STATUS_LABELS,
        "tones": TONES,
    }
    return render(request, "base/messaging/message.html", context)


@page(methods=["GET", "HEAD"])
def message_html(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """The HTML of a message, shut off from everything: no scripts, no forms, no network."""
    return _sandboxed(get_message(actor_of(request), message_id).html)


@page(methods=["POST"])
def again(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """Try a failed message once more."""
    send_again(actor_of(request), message_id)
    return done(request, f"/outbox/{message_id}", _("It will be tried again now."))


@page(methods=["POST"])
def release(request: HttpRequest) -> HttpResponse:
    """Send what rests: the one message that ``message`` names, or all."""
    count = release_messages(actor_of(request), _named(request))
    return done(
        request,
        "/outbox",
        ngettext("%(count)s message goes out now.", "%(count)s messages go out now.", count)
        % {"count": count},
    )


@page(methods=["POST"])
def discard(request: HttpRequest) -> HttpResponse:
    """Never send what rests: the one message that ``message`` names, or all."""
    count = discard_messages(actor_of(request), _named(request))
    return done(
        request,
        "/outbox",
        ngettext("%(count)s message discarded.", "%(count)s messages discarded.", count)
        % {"count": count},
    )


@page(methods=["GET", "HEAD"])
def received(request: HttpRequest) -> HttpResponse:
    """What came in, newest first."""
    actor = actor_of(request)
    rows, following = _page_of(visible_received(actor), request.GET.get("before", ""))
    context = {
        "shown": rows,
        "following": following,
        "tabs": _tabs("received", None),
        "has_mailbox": accounts.imap_account() is not None,
        "is_administrator": actor.require_user().is_administrator,
    }
    return render(request, "base/messaging/received.html", context)


@page(methods=["GET", "HEAD"])
def received_message(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """One mail that came in."""
    found = get_received(actor_of(request), message_id)
    context = {
        "message": found,
        "record_url": _record_url(found.object, found.record_id),
    }
    return render(request, "base/messaging/received_message.html", context)


@page(methods=["GET", "HEAD"])
def received_html(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """The HTML of a mail that came in, shut off from everything."""
    return _sandboxed(get_received(actor_of(request), message_id).html)


def _sandboxed(html: str) -> HttpResponse:
    response = HttpResponse(
        html or _("This message has no HTML."), content_type="text/html; charset=utf-8"
    )
    response["Content-Security-Policy"] = (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
        "frame-ancestors 'self'"
    )
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _page_of(
    rows: QuerySet[Any], before: str
) -> tuple[list[OutboundMessage] | list[InboundMessage], uuid.UUID | None]:
    """A page of rows older than the id ``before``, and the id that the next page is before."""
    if before:
        rows = rows.filter(pk__lt=as_uuid(before))
    found = list(rows[: _PAGE + 1])
    return found[:_PAGE], found[_PAGE - 1].pk if len(found) > _PAGE else None


def _tabs(current: str, resting: int | None) -> list[tuple[Any, ...]]:
    return [
        (_("Sent and waiting"), "/outbox", current == ""),
        (_("Resting"), "/outbox?show=resting", current == "resting", resting or None),
        (_("Failed"), "/outbox?show=failed", current == "failed"),
        (_("Received"), "/outbox/received", current == "received"),
    ]


def _named(request: HttpRequest) -> list[uuid.UUID] | None:
    given = request.POST.get("message", "")
    return [as_uuid(given)] if given else None


def _record_url(key: str, record_id: uuid.UUID | None) -> str:
    of = next((each for each in object_types() if each.key == key), None)
    return f"/{of.slug}/{record_id}" if of and record_id else ""
