"""The text of a template, on its page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language

from dealwright.base.access.visibility import changeable_by
from dealwright.base.objects.registry import Panel
from dealwright.contracts.clauses.queries import newest_of
from dealwright.contracts.clauses.texts import paragraphs_of
from dealwright.contracts.library.languages import language_choices
from dealwright.contracts.library.models import ContractTemplate


def _text_of(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    template = ContractTemplate.objects.filter(pk=record_id).first()
    version = template.current if template is not None else None
    if template is None or version is None:
        return None
    labels = {each["key"]: each["label"] for each in version.body["variables"]}
    clauses = [each for section in version.body["sections"] for each in section["clauses"]]
    return {
        "template": template,
        "paragraphs": {each["uid"]: paragraphs_of(each["text"], labels) for each in clauses},
        "headings": {each["uid"]: each.get("heading") or each["uid"] for each in clauses},
        "languages": dict(language_choices(get_language() or "en")),
        "version": version,
        "body": version.body,
        "newest": newest_of(version.body),
        "may_write": ContractTemplate.objects.filter(
            changeable_by(user, "contract_template"), pk=record_id
        ).exists(),
    }


TEMPLATE_TEXT = Panel(
    key="text",
    label="Text",
    template="contracts/library/text_panel.html",
    query=_text_of,
    place="main",
    leads=True,
)
