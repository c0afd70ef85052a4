"""Keeping templates: each saved text is a new version, contracts keep the one they were made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import get_changeable
from dealwright.base.objects.registry import object_type
from dealwright.base.records.services import insert_record, save_changes
from dealwright.contracts.library.clauses import check_body
from dealwright.contracts.library.models import ContractKind, ContractTemplate, TemplateVersion
from dealwright.contracts.library.starter import STARTER


def create_template(actor: Actor, values: Mapping[str, Any]) -> ContractTemplate:
    """A new template with the starter's text to begin from."""
    with change(actor):
        template: ContractTemplate = insert_record(actor, object_type("contract_template"), values)
        TemplateVersion.objects.create(
            template=template, number=1, body=STARTER, created_by=actor.user
        )
    return template


def save_template(actor: Actor, template_id: Any, body: Any) -> TemplateVersion:
    """Keep a text as the next version; an unchanged one makes none. Raises Invalid, NotAllowed."""
    checked = check_body(body)
    with change(actor):
        template: ContractTemplate = get_changeable(actor, "contract_template", template_id)
        current = template.current
        if current.body == checked:
            return current
        latest = template.versions.aggregate(latest=Max("number"))["latest"] or 0
        version = TemplateVersion.objects.create(
            template=template, number=latest + 1, body=checked, created_by=actor.user
        )
        save_changes(actor, template, {"updated_by_id": actor.user.pk if actor.user else None})
    return version


def default_template() -> ContractTemplate:
    """The template of choice; the starter is made where there is none."""
    template: ContractTemplate | None = (
        ContractTemplate.objects.filter(is_active=True)
        .order_by("-is_default", "created_at")
        .first()
    )
    if template is not None:
        return template
    with transaction.atomic():
        template = ContractTemplate.objects.create(
            name=STARTER["title"], kind=ContractKind.ORDER_FORM, is_default=True
        )
        TemplateVersion.objects.create(template=template, number=1, body=STARTER)
    return template
