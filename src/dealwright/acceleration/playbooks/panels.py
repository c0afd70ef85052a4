"""The plays of a deal's stage, on its page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dealwright.acceleration.playbooks.models import Play, PlayCheck
from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.registry import ObjectType, Panel
from dealwright.crm.opportunities.models import Opportunity
from dealwright.crm.opportunities.object import stage_choices


def plays_of(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    """Active plays of the stage with what is ticked; None where there are none."""
    stage_id = Opportunity.objects.filter(pk=record_id).values_list("stage_id", flat=True).first()
    plays = list(Play.objects.filter(stage_id=stage_id, is_active=True).order_by("name"))
    if not plays:
        return None
    done = set(
        PlayCheck.objects.filter(opportunity_id=record_id, play__in=plays).values_list(
            "play_id", "item"
        )
    )
    return {
        "record_id": record_id,
        "plays": [
            {
                "play": play,
                "items": [(item, (play.pk, item) in done) for item in play.checklist],
            }
            for play in plays
        ],
    }


PLAYS = Panel(
    key="plays",
    label="Playbook",
    template="acceleration/playbooks/panel.html",
    query=plays_of,
    position=15,
)


def _text_of(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    play = Play.objects.select_related("stage").filter(pk=record_id).first()
    return {"play": play} if play is not None else None


TEXT = Panel(
    key="text",
    label="What it says",
    template="acceleration/playbooks/text_panel.html",
    query=_text_of,
    place="main",
    leads=True,
)

PLAY = ObjectType(
    key="play",
    slug="plays",
    label="Play",
    label_plural="Plays",
    model=Play,
    icon="book-open",
    access={"rep": "read", "manager": "write"},
    columns=["name", "stage", "is_active"],
    search=["name"],
    empty_text="No plays yet. Say once what a good deal needs in each stage.",
    fields=[
        Field(key="name", label="Name", required=True, sortable=True),
        Field(
            key="stage",
            label="Stage",
            kind=Kind.CHOICE,
            path="stage_id",
            title_path="stage__name",
            choices=stage_choices,
            required=True,
        ),
        Field(key="guidance", label="Guidance", kind=Kind.LONG_TEXT, listed=False),
        Field(
            key="checklist",
            label="Checklist",
            kind=Kind.JSON,
            listed=False,
            filterable=False,
            help="A list of texts.",
        ),
        Field(key="is_active", label="Active", kind=Kind.BOOLEAN),
    ],
)
