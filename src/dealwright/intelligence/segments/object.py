"""How the house knows segments."""

from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.registry import ObjectType
from dealwright.intelligence.segments.models import Segment
from dealwright.intelligence.segments.services import create_segment, update_segment

SEGMENT = ObjectType(
    key="segment",
    slug="segments",
    label="Segment",
    label_plural="Segments",
    model=Segment,
    icon="users",
    columns=["name", "of", "description", "frozen_at", "owner"],
    search=["name"],
    create=create_segment,
    update=update_segment,
    empty_text="No segments yet. Group people or companies by what they have in common.",
    fields=[
        Field(key="name", label="Name", required=True, sortable=True),
        Field(
            key="of", label="Groups", kind=Kind.CHOICE, choices=Segment.Of.choices, required=True
        ),
        Field(key="filter", label="Filter", kind=Kind.JSON, listed=False, filterable=False),
        Field(key="description", label="Description", kind=Kind.LONG_TEXT),
        Field(
            key="frozen_at",
            label="Frozen",
            kind=Kind.DATETIME,
            editable=False,
            on_create=False,
            importable=False,
        ),
    ],
)
