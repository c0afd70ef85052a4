"""Looking at mail that came in."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import as_uuid, visible_to
from dealwright.base.errors import NotFound
from dealwright.base.messaging.models import InboundMessage
from dealwright.base.objects.registry import object_types


def visible_received(actor: Actor) -> QuerySet[InboundMessage]:
    """Mail the actor may see: administrators all, others answers to what they sent and mail
    about records they may see. Newest first."""
    rows = InboundMessage.objects.order_by("-id")
    if actor.is_system:
        return rows
    user = actor.require_user()
    if user.is_administrator:
        return rows
    mine = Q(outbound__created_by=user, outbound__is_sensitive=False)
    for of in object_types():
        model: Any = of.model
        seen = model.objects.filter(visible_to(user, of.key)).values("pk")
        mine |= Q(object=of.key, record_id__in=seen)
    return rows.filter(mine)


def get_received(actor: Actor, message_id: Any) -> InboundMessage:
    """One mail; raises NotFound alike for absent and for hidden."""
    found = (
        visible_received(actor)
        .select_related("outbound", "raw")
        .filter(pk=as_uuid(message_id))
        .first()
    )
    if found is None:
        raise NotFound("This mail does not exist, or you may not see it.")
    return found
