"""The consent disclosure in force."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.db.models import Max
from django.utils import translation
from django.utils.translation import gettext, gettext_noop

from dealwright.base.access.actor import change, system
from dealwright.signing.consent.models import ConsentText

_TEXTS = Path(__file__).parent / "texts"
TITLE = gettext_noop("Agreeing to sign electronically")


def current_consent(language: str = "en") -> ConsentText:
    """The newest version in the language, or in English; the product's own text on first use.

    Safe to repeat: a text that is in the table already is not added again, a changed one
    becomes the next version.
    """
    path = _TEXTS / f"{language}.txt"
    if not path.is_file():
        language, path = "en", _TEXTS / "en.txt"
    with translation.override(language):
        title = gettext(TITLE)
    newest = ConsentText.objects.filter(language=language).order_by("-version").first()
    body = path.read_text(encoding="utf-8").strip()
    if newest is not None and newest.sha256 == consent_hash(title, body):
        return newest
    with change(system("Consent text")):
        known = ConsentText.objects.filter(language=language).aggregate(newest=Max("version"))
        text, _ = ConsentText.objects.get_or_create(
            language=language,
            version=(known["newest"] or 0) + 1,
            defaults={"title": title, "body": body, "sha256": consent_hash(title, body)},
        )
    return text


def consent_hash(title: str, body: str) -> str:
    return hashlib.sha256(f"{title}\n{body}".encode()).hexdigest()
