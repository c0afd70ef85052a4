"""Settings: what subscribers were told, and webhooks."""

from __future__ import annotations

import json
import uuid
from itertools import groupby
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.events.delivery import retry_delivery
from dealwright.base.events.feed import describe_event
from dealwright.base.events.models import EventDelivery, OutboxEvent
from dealwright.base.events.registry import published_events
from dealwright.base.events.subscribers import subscribers
from dealwright.base.events.webhooks import services
from dealwright.base.web.pages import Form, actor_of, done, page, render

PER_PAGE = 50
TROUBLE = Q(done_at__isnull=True, attempts__gt=0) | Q(gave_up_at__isnull=False)


@page(profiles=["administrator"], methods=["GET", "HEAD"])
def events(request: HttpRequest) -> HttpResponse:
    """Deliveries in trouble, the newest events, and who listens to what."""
    shown = request.GET.get("show", "trouble")
    context: dict[str, Any] = {
        "shown": shown,
        "trouble": EventDelivery.objects.filter(TROUBLE).count(),
    }
    number = request.GET.get("page")
    if shown == "newest":
        rows: Any = OutboxEvent.objects.order_by("-seq")
        context["events"] = Paginator(rows[:5_000], PER_PAGE).get_page(number)
    elif shown == "listeners":
        context["listeners"] = subscribers()
        context["published"] = [describe_event(name) for name in published_events()]
    else:
        context["shown"] = "trouble"
        rows = EventDelivery.objects.filter(TROUBLE).select_related("event").order_by("-id")
        context["deliveries"] = Paginator(rows, PER_PAGE).get_page(number)
    return render(request, "base/events/events.html", context)


@page(profiles=["administrator"], methods=["POST"])
def retry(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """Try a delivery again now."""
    retry_delivery(actor_of(request), delivery_id)
    return done(request, "/settings/events", _("It is tried again now."))


@page
def webhooks(request: HttpRequest) -> HttpResponse:
    """One's own webhooks (an administrator sees all), and a form that adds one."""
    actor = actor_of(request)
    form = Form(request, {"events": []}, lists=["events"])
    if request.method == "POST":
        with form:
            made = services.create_endpoint(
                actor, url=form["url"], events=form["events"], description=form["description"]
            )
            return render(request, "base/events/webhook_secret.html", {"made": made})
    context = {"endpoints": services.visible_endpoints(actor), "groups": _groups()}
    return form.page("base/events/webhooks.html", context)


@page
def webhook(request: HttpRequest, endpoint_id: uuid.UUID) -> HttpResponse:
    """One webhook: what it is told, and the log of what was sent."""
    actor = actor_of(request)
    endpoint = services.get_endpoint(actor, endpoint_id)
    form = Form(
        request,
        {
            "url": endpoint.url,
            "description": endpoint.description,
            "events": endpoint.events,
        },
        lists=["events"],
    )
    if request.method == "POST":
        with form:
            services.update_endpoint(
                actor,
                endpoint_id,
                url=form["url"],
                events=form["events"],
                description=form["description"],
            )
            return done(request, f"/settings/webhooks/{endpoint_id}", _("Saved."))
    messages = endpoint.messages.order_by("-created_at", "-id")
    context = {
        "endpoint": endpoint,
        "groups": _groups(),
        "log": Paginator(messages, PER_PAGE).get_page(request.GET.get("page")),
    }
    return form.page("base/events/webhook.html", context)


@page(methods=["POST"])
def webhook_act(request: HttpRequest, endpoint_id: uuid.UUID, verb: str) -> HttpResponse:
    """What else can be done with a webhook, one verb each."""
    actor, back = actor_of(request), f"/settings/webhooks/{endpoint_id}"
    match verb:
        case "test":
            services.send_test(actor, endpoint_id)
            return done(request, back, _("A test message is on its way."))
        case "enable":
            services.enable_endpoint(actor, endpoint_id)
            return done(request, back, _("Told again of what happens from now on."))
        case "disable":
            services.disable_endpoint(actor, endpoint_id)
            return done(request, back, _("Switched off."))
        case "rotate":
            made = services.rotate_secret(actor, endpoint_id)
            return render(request, "base/events/webhook_secret.html", {"made": made})
        case "delete":
            services.delete_endpoint(actor, endpoint_id)
            return done(request, "/settings/webhooks", _("Removed."))
        case _:
            return HttpResponse(status=404)


@page(methods=["GET", "HEAD", "POST"])
def message(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """One message with its attempts; POST sends it again."""
    actor = actor_of(request)
    if request.method == "POST":
        services.replay_message(actor, message_id)
        return done(request, f"/settings/webhook-messages/{message_id}", _("It is sent again."))
    found = services.get_message(actor, message_id)
    context = {
        "message": found,
        "body": json.dumps(json.loads(found.body), indent=2, ensure_ascii=False),
        "attempts": found.attempts.order_by("-id")[:100],
    }
    return render(request, "base/events/message.html", context)


def _groups() -> list[tuple[str, list[str]]]:
    """The names of events by what they are of."""
    return [
        (prefix, list(names))
        for prefix, names in groupby(published_events(), lambda name: name.partition(".")[0])
    ]
