"""Plays on a deal: which there are in its stage, and ticking points off."""

from __future__ import annotations

from typing import Any

from dealwright.acceleration.playbooks.models import Play, PlayCheck
from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import get_changeable
from dealwright.base.errors import Invalid, NotFound


def tick(actor: Actor, play_id: Any, opportunity_id: Any, item: str, *, on: bool) -> None:
    """Tick a point of a play's checklist off for a deal, or back on. Raises Invalid, NotFound."""
    with change(actor):
        deal = get_changeable(actor, "opportunity", opportunity_id)
        play: Play | None = Play.objects.filter(pk=play_id).first()
        if play is None:
            raise NotFound("This play does not exist.")
        if item not in play.checklist:
            raise Invalid("This point is not on the checklist any more.")
        if on:
            PlayCheck.objects.get_or_create(
                play=play, opportunity=deal, item=item, defaults={"by": actor.user}
            )
        else:
            PlayCheck.objects.filter(play=play, opportunity=deal, item=item).delete()
