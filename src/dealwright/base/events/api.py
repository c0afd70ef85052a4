"""The change feed and webhooks on the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from dealwright.base.access.actor import Actor
from dealwright.base.api.authentication import current_actor, require_scope
from dealwright.base.api.given import Given
from dealwright.base.errors import Invalid
from dealwright.base.events.feed import MAX_LIMIT, as_json, changes_since, describe_event
from dealwright.base.events.registry import published_events
from dealwright.base.events.webhooks import services
from dealwright.base.events.webhooks.models import WebhookEndpoint, WebhookMessage
from dealwright.base.whole_numbers import whole_number

router = Router(tags=["Events"])

LARGEST_CURSOR = 2**63 - 1


class EventOut(Schema):
    """One event; ``data`` is described per type at ``/events``."""

    id: UUID
    type: str
    object: str
    record_id: UUID | None
    occurred_at: datetime
    actor: str
    actor_id: UUID | None
    data: dict[str, Any]


class ChangesOut(Schema):
    """A page of the feed; go on with ``cursor``, at once while ``more``."""

    events: list[EventOut]
    cursor: str
    more: bool


class EventTypeOut(Schema):
    """What an event means and what its ``data`` holds."""

    name: str
    about: str
    data: list[dict[str, str]]


class WebhookIn(Given):
    """An address to be told of events."""

    url: str = Field(max_length=500, examples=["https://example.com/hooks/dealwright"])
    events: list[str] = Field(
        [], max_length=500, description="Event names, or `account.*`; empty for all."
    )
    description: str = Field("", max_length=200)


class WebhookChange(Given):
    """What is left out stays."""

    url: str | None = Field(None, max_length=500)
    events: list[str] | None = Field(None, max_length=500)
    description: str | None = Field(None, max_length=200)
    active: bool | None = None


class WebhookOut(Schema):
    """An endpoint without its secret."""

    id: UUID
    url: str
    events: list[str]
    description: str
    owner: UUID = Field(alias="owner_id")
    active: bool = Field(alias="is_active")
    disabled_reason: str
    created_at: datetime


class WebhookWithSecret(Schema):
    """The endpoint with its signing secret, which is shown this once."""

    webhook: WebhookOut
    secret: str


class MessageOut(Schema):
    """One event for one endpoint."""

    id: UUID
    type: str = Field(alias="name")
    status: str
    attempts: int = Field(alias="attempts_made")
    created_at: datetime
    next_attempt_at: datetime | None
    delivered_at: datetime | None


@router.get("/changes", response=ChangesOut, operation_id="list_changes")
def list_changes(
    request: HttpRequest,
    cursor: Annotated[
        str, Query(description="Where the last page ended; empty for the cursor of now.")
    ] = "",
    object: Annotated[list[str], Query(description="Only records of these objects.")] = [],  # noqa: B006
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 100,
) -> dict[str, Any]:
    """What happened to records the caller may see, oldest first, each event exactly once.

    A first call without cursor answers no events and the cursor of now. Events are kept for
    90 days; an older cursor answers 409 `cursor_expired`.
    """
    changes = changes_since(current_actor(request), _cursor(cursor), object, limit)
    return {
        "events": [as_json(event) for event in changes.events],
        "cursor": str(changes.cursor),
        "more": changes.more,
    }


@router.get("/events", response=list[EventTypeOut], operation_id="list_event_types")
def list_event_types(request: HttpRequest) -> list[dict[str, Any]]:
    """Every event that can appear in the feed and in webhooks."""
    current_actor(request)
    return [describe_event(name) for name in published_events()]


@router.get("/webhooks", response=list[WebhookOut], operation_id="list_webhooks")
def list_webhooks(request: HttpRequest) -> list[WebhookEndpoint]:
    """One's own webhooks; all of them for administrators."""
    return list(services.visible_endpoints(_may_read(request))[:1000])


@router.post("/webhooks", response={201: WebhookWithSecret}, operation_id="create_webhook")
def create_webhook(request: HttpRequest, body: WebhookIn) -> Any:
    """Register an address. Messages follow the Standard Webhooks convention."""
    made = services.create_endpoint(_may_write(request), **body.dict())
    return Status(201, {"webhook": made.endpoint, "secret": made.secret})


@router.get("/webhooks/{uuid:id}", response=WebhookOut, operation_id="get_webhook")
def get_webhook(request: HttpRequest, id: UUID) -> WebhookEndpoint:
    """One webhook."""
    return services.get_endpoint(_may_read(request), id)


@router.patch("/webhooks/{uuid:id}", response=WebhookOut, operation_id="update_webhook")
def update_webhook(request: HttpRequest, id: UUID, body: WebhookChange) -> WebhookEndpoint:
    """Change a webhook; `active` switches it on and off."""
    actor = _may_write(request)
    values = body.dict()
    active = values.pop("active")
    endpoint = services.update_endpoint(actor, id, **values)
    if active is True:
        endpoint = services.enable_endpoint(actor, id)
    elif active is False:
        endpoint = services.disable_endpoint(actor, id)
    return endpoint


@router.delete("/webhooks/{uuid:id}", response={204: None}, operation_id="delete_webhook")
def delete_webhook(request: HttpRequest, id: UUID) -> Any:
    """Remove a webhook with its log."""
    services.delete_endpoint(_may_write(request), id)
    return Status(204, None)


@router.post(
    "/webhooks/{uuid:id}/secret", response=WebhookWithSecret, operation_id="rotate_webhook_secret"
)
def rotate_webhook_secret(request: HttpRequest, id: UUID) -> Any:
    """A new secret; for 24 hours messages carry signatures of both."""
    made = services.rotate_secret(_may_write(request), id)
    return {"webhook": made.endpoint, "secret": made.secret}


@router.post("/webhooks/{uuid:id}/test", response={202: MessageOut}, operation_id="test_webhook")
def test_webhook(request: HttpRequest, id: UUID) -> Any:
    """Send a message of type `webhook.test`."""
    return Status(202, services.send_test(_may_write(request), id))


@router.get(
    "/webhooks/{uuid:id}/messages", response=list[MessageOut], operation_id="list_webhook_messages"
)
def list_webhook_messages(request: HttpRequest, id: UUID) -> list[WebhookMessage]:
    """The newest hundred messages of a webhook."""
    endpoint = services.get_endpoint(_may_read(request), id)
    return list(endpoint.messages.order_by("-created_at", "-id")[:100])


@router.post(
    "/webhook-messages/{uuid:id}/replay",
    response={202: MessageOut},
    operation_id="replay_webhook_message",
)
def replay_webhook_message(request: HttpRequest, id: UUID) -> Any:
    """Send a message again under the same id."""
    return Status(202, services.replay_message(_may_write(request), id))


def _may_read(request: HttpRequest) -> Actor:
    return require_scope(request, "base:read")


def _may_write(request: HttpRequest) -> Actor:
    return require_scope(request, "base:write")


def _cursor(text: str) -> int | None:
    if not text:
        return None
    cursor = whole_number(text, most=LARGEST_CURSOR)
    if cursor is None:
        sentence = "The cursor is not one that this endpoint gave."
        raise Invalid(sentence, fields={"cursor": [sentence]})
    return cursor
