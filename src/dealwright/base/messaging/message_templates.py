"""Message templates: kept by users, checked when saved, filled in when sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Invalid
from dealwright.base.messaging.html_text import clean_html, text_of_html
from dealwright.base.messaging.liquid_text import (
    check_template,
    missing_names,
    render_template_text,
)
from dealwright.base.messaging.models import Channel, MessageTemplate
from dealwright.base.objects.registry import object_type
from dealwright.base.records.services import insert_record, save_changes

OBJECT = "message_template"


@dataclass(frozen=True, slots=True)
class FilledIn:
    """A template with its values, ready for ``send_email``; ``missing`` names what it lacked."""

    subject: str
    text: str
    html: str
    missing: tuple[str, ...]


def create_template(actor: Actor, values: Mapping[str, Any]) -> MessageTemplate:
    """Keep a new template; the object's ``create`` service. Raises Invalid for wrong Liquid."""
    _check(MessageTemplate(), values)
    made: MessageTemplate = insert_record(actor, object_type(OBJECT), values)
    return made


def update_template(
    actor: Actor, template: MessageTemplate, values: Mapping[str, Any]
) -> MessageTemplate:
    """Change a locked template; the object's ``update`` service. Raises Invalid."""
    _check(template, values)
    changed: MessageTemplate = save_changes(actor, template, values)
    return changed


def fill_in(template: MessageTemplate, context: Mapping[str, Any]) -> FilledIn:
    """Subject, text and HTML of a template for one receiver. Raises Invalid."""
    is_html = template.format == MessageTemplate.Format.HTML
    missing = [*missing_names(template.subject, context), *missing_names(template.body, context)]
    body = render_template_text(template.body, context, html=is_html)
    html = clean_html(body) if is_html else ""
    return FilledIn(
        subject=" ".join(render_template_text(template.subject, context).split()),
        text=text_of_html(html) if is_html else body,
        html=html,
        missing=tuple(dict.fromkeys(missing)),
    )


def _check(template: MessageTemplate, values: Mapping[str, Any]) -> None:
    """Raises Invalid for Liquid that cannot be read, at the field where it stands."""
    wrong: dict[str, list[str]] = {}
    for field in ("subject", "body"):
        try:
            check_template(str(values.get(field) or ""))
        except Invalid as error:
            wrong[field] = [error.message]
    channel = values.get("channel") or template.channel
    subject = values.get("subject", template.subject)
    if channel == Channel.EMAIL and not subject:
        wrong["subject"] = ["An e-mail needs a subject."]
    if channel == Channel.SMS and values.get("format", template.format) != "text":
        wrong["format"] = ["A text message is plain text."]
    if wrong:
        raise Invalid(" ".join(each for row in wrong.values() for each in row), fields=wrong)
