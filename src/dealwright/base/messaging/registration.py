"""Message templates as an object: list, page, API, search and import come from this."""

from __future__ import annotations

from dealwright.base.messaging.message_templates import OBJECT, create_template, update_template
from dealwright.base.messaging.models import Channel, MessageTemplate
from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.registry import ObjectType, register
from dealwright.base.people.models import Profile

register(
    ObjectType(
        key=OBJECT,
        slug="message-templates",
        label="Message template",
        label_plural="Message templates",
        model=MessageTemplate,
        icon="file-pen",
        fields=[
            Field(key="name", label="Name", required=True, sortable=True),
            Field(key="channel", label="Channel", kind=Kind.CHOICE, choices=Channel.choices),
            Field(
                key="format",
                label="Format",
                kind=Kind.CHOICE,
                choices=MessageTemplate.Format.choices,
            ),
            Field(key="subject", label="Subject"),
            Field(
                key="body",
                label="Body",
                kind=Kind.LONG_TEXT,
                required=True,
                listed=False,
                help='Liquid: {{ contact.first_name | default: "there" }} fills in a value.',
            ),
        ],
        columns=["name", "channel", "subject", "owner", "updated_at"],
        search=["name", "subject", "body"],
        default_sort="name",
        access={
            Profile.ADMINISTRATOR: "write",
            Profile.MANAGER: "write",
            Profile.REP: "read",
        },
        create=create_template,
        update=update_template,
        match_keys=["name"],
        empty_text="Write once what you send often.",
        in_navigation=False,
    )
)
