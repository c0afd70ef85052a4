"""The text of a template, on its page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dealwright.base.objects.registry import Panel
from dealwright.contracts.library.models import ContractTemplate


def _text_of(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    template = ContractTemplate.objects.filter(pk=record_id).first()
    version = template.current if template is not None else None
    return {"version": version, "body": version.body} if version is not None else None


TEMPLATE_TEXT = Panel(
    key="text",
    label="Text",
    template="contracts/library/text_panel.html",
    query=_text_of,
    place="main",
    leads=True,
)
