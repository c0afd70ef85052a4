"""Whether and from where visits are taken, what visitors are asked, how long visits are kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Invalid
from dealwright.base.whole_numbers import whole_number
from dealwright.intelligence.tracking.models import Touchpoint, TrackingSettings, Visitor

LONGEST_QUESTION = 500
MOST_SITES = 100
SHORTEST_DAYS, LONGEST_DAYS = 1, 1825
_HOST = re.compile(
    r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*"
)


def tracking_settings() -> TrackingSettings:
    """The stored settings, unsaved defaults where nothing was stored yet."""
    return TrackingSettings.objects.first() or TrackingSettings()


def consent_question(stored: TrackingSettings) -> str:
    """What a visitor is asked before anything is kept."""
    return stored.question or _(
        "May we remember this browser, to learn which pages help? Nothing is kept before you "
        "allow it."
    )


def may_send(stored: TrackingSettings, url: str) -> bool:
    """Whether a page at this address, or an ``Origin``, may send visits: our own pages always,
    others where no site is named or theirs (or the site above) is."""
    try:
        host = (urlsplit(url).hostname or "").casefold()
    except ValueError:
        return False
    own = (urlsplit(settings.PUBLIC_URL).hostname or "").casefold()
    sites = stored.sites.split()
    return (
        not sites or host == own or any(host == site or host.endswith(f".{site}") for site in sites)
    )


def save_tracking_settings(actor: Actor, values: Mapping[str, Any]) -> TrackingSettings:
    """Keep ``is_on``, ``question``, ``sites`` and ``keep_days``; for administrators. Raises
    Invalid per field."""
    actor.require_administrator()
    wrong: dict[str, list[str]] = {}
    question = str(values.get("question", "")).strip()
    if len(question) > LONGEST_QUESTION:
        wrong["question"] = [f"The question takes at most {LONGEST_QUESTION} characters."]
    sites = list(dict.fromkeys(str(values.get("sites", "")).casefold().replace(",", " ").split()))
    strange = [site for site in sites if not _HOST.fullmatch(site)]
    if strange:
        sentence = f"“{strange[0][:60]}” is no host: write it like www.example.com, one a line."
        wrong["sites"] = [sentence]
    elif len(sites) > MOST_SITES:
        wrong["sites"] = [f"At most {MOST_SITES} sites are possible."]
    days = whole_number(values.get("keep_days", ""), least=SHORTEST_DAYS, most=LONGEST_DAYS)
    if days is None:
        wrong["keep_days"] = [f"Say a number of days from {SHORTEST_DAYS} to {LONGEST_DAYS}."]
    if wrong or days is None:
        raise Invalid(" ".join(each[0] for each in wrong.values()), fields=wrong)
    with change(actor):
        return TrackingSettings.objects.update_or_create(
            pk=TrackingSettings.ONLY,
            defaults={
                "is_on": bool(values.get("is_on")),
                "question": question,
                "sites": "\n".join(sites),
                "keep_days": days,
            },
        )[0]


def forget_visits(*, now: datetime | None = None) -> int:
    """Erase what is older than it may be kept and belongs to nobody we know: visits, and
    browsers that were not seen since. Returns how many visits went."""
    limit = (now or timezone.now()) - timedelta(days=tracking_settings().keep_days)
    erased, _each = Touchpoint.objects.filter(
        kind="web_visit", contact__isnull=True, occurred_at__lt=limit
    ).delete()
    Visitor.objects.filter(contact__isnull=True, last_seen_at__lt=limit).delete()
    return erased
