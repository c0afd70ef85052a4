"""What a template's settings and documents may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings

from dealwright.signing.blueprints.contents import check_liquid, raise_wrong
from dealwright.signing.envelopes.drafts import MAX_DOCUMENTS, NewDocument, Reminders
from dealwright.signing.envelopes.models import Envelope

SETTINGS = (
    "name", "title", "message", "language", "expires_days", "remind_every_days",
    "remind_first_days", "remind_most", "warn_days", "may_reassign",
)  # fmt: skip


def check_documents(documents: Sequence[NewDocument]) -> None:
    """Raises Invalid for none, too many, or a name that cannot be."""
    wrong: dict[str, list[str]] = {}
    if not documents:
        wrong["documents"] = ["Add at least one document."]
    elif len(documents) > MAX_DOCUMENTS:
        wrong["documents"] = [f"A template holds at most {MAX_DOCUMENTS} documents."]
    for number, each in enumerate(documents, start=1):
        if "\x00" in each.name or len(each.name) > 200:
            wrong["documents"] = [f"Document {number} needs a name of at most 200 characters."]
    raise_wrong(wrong)


def checked_settings(values: Mapping[str, Any], *, plain: bool = False) -> dict[str, Any]:
    """SETTINGS as they are kept; ``plain`` takes title and message as they are."""
    chosen = dict(values)
    unknown = set(chosen) - set(SETTINGS)
    if unknown:
        raise_wrong({min(unknown): ["There is no such setting."]})
    for key, longest in (("name", 160), ("title", 200)):
        if key in chosen:
            chosen[key] = " ".join(str(chosen[key] or "").split())
            if not chosen[key] or len(chosen[key]) > longest or "\x00" in chosen[key]:
                raise_wrong({key: [f"Give a {key} of at most {longest} characters."]})
    chosen["message"] = str(chosen.get("message") or "").strip()
    if "message" not in values:
        del chosen["message"]
    for key, longest in (("title", 200), ("message", 5_000)):
        if key in chosen and not plain:
            check_liquid(key, chosen[key], longest=longest)
    if chosen.get("language", "en") not in dict(settings.LANGUAGES):
        raise_wrong({"language": ["Choose one of the languages of the product."]})
    days = chosen.get("expires_days", 30)
    if not isinstance(days, int) or not 1 <= days <= 365:
        raise_wrong({"expires_days": ["It expires after 1 to 365 days."]})
    Reminders(
        every=chosen.get("remind_every_days"),
        first=chosen.get("remind_first_days"),
        most=chosen.get("remind_most"),
    ).check()
    warn = chosen.get("warn_days")
    if warn is not None and not 1 <= warn <= 30:
        raise_wrong({"warn_days": ["Warn 1 to 30 days before it expires, or not at all."]})
    return chosen


def days_of(envelope: Envelope) -> int:
    """How many days an envelope had."""
    if envelope.expires_at is None:
        return 30
    began = envelope.sent_at or envelope.created_at
    return min(365, max(1, round((envelope.expires_at - began).total_seconds() / 86_400)))
