"""The consent disclosure in force: the product's own text, or what an administrator wrote."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Max
from django.utils import translation
from django.utils.translation import gettext, gettext_noop

from dealwright.base.access.actor import Actor, change, system
from dealwright.base.errors import Conflict, Invalid, NotAllowed
from dealwright.signing.consent.models import ConsentText

_TEXTS = Path(__file__).parent / "texts"
TITLE = gettext_noop("Agreeing to sign electronically")
LONGEST = 20_000
SHORTEST = 400
# What 15 USC 7001(c)(1) wants a consumer to be told, item by item.
CONTENTS = {
    "paper": gettext_noop("that they may have it on paper: 7001(c)(1)(B)(i)(I)"),
    "withdrawal": gettext_noop(
        "that they may withdraw, and what follows from it, fees too: (B)(i)(II)"
    ),
    "scope": gettext_noop("whether it holds for this request or for more: (B)(ii)"),
    "procedure": gettext_noop("how they withdraw, and how they tell a new address: (B)(iii)"),
    "copies": gettext_noop("how they get a paper copy later, and its price: (B)(iv)"),
    "needs": gettext_noop("what hardware and software is needed: (C)(i)"),
}


def current_consent(language: str = "en") -> ConsentText:
    """The version in force in the language, or in English; the product's own text on first use.

    Safe to repeat. A changed text of the product becomes the next version, unless the one in
    force was written by an administrator.
    """
    if not _is_written(language):
        language = "en"
    newest = newest_consent(language)
    if newest is not None and newest.is_own:
        return newest
    title, body = product_text(language)
    if newest is not None and newest.sha256 == consent_hash(title, body):
        return newest
    with change(system("Consent text")):
        known = ConsentText.objects.filter(language=language).aggregate(newest=Max("version"))
        text, _ = ConsentText.objects.get_or_create(
            language=language,
            version=(known["newest"] or 0) + 1,
            defaults={
                "title": title,
                "body": body,
                "sha256": consent_hash(title, body),
                "covers": list(CONTENTS),
            },
        )
    return text


def in_force() -> set[Any]:
    """The ids of the versions in force, one for each language that has any."""
    known = ConsentText.objects.values_list("language", flat=True).distinct()
    return {current_consent(language).pk for language in set(known)}


def newest_consent(language: str) -> ConsentText | None:
    """The newest version in exactly this language."""
    return ConsentText.objects.filter(language=language).order_by("-version").first()


def is_outdated(text: ConsentText | None) -> bool:
    """Whether a newer version of what somebody agreed to asks them to agree again."""
    if text is None:
        return False
    newer = ConsentText.objects.filter(language=text.language, version__gt=text.version)
    return newer.filter(asks_again=True).exists()


def write_consent(
    actor: Actor,
    *,
    language: str,
    title: str,
    body: str,
    covers: Collection[str],
    asks_again: bool,
) -> ConsentText:
    """Put a new version in force; earlier ones stay as they were agreed to.

    ``covers`` are the items of ``CONTENTS`` that the writer found in the text: all of them, or
    it is refused. Administrators and legal may. Raises Invalid that names the places, Conflict
    where nothing changed.
    """
    check_writer(actor)
    title = " ".join(title.split())
    body = "\n\n".join(part.strip() for part in body.replace("\r\n", "\n").split("\n\n")).strip()
    wrong: dict[str, list[str]] = {}
    if language not in dict(settings.LANGUAGES):
        wrong["language"] = ["Choose one of the languages."]
    if not title or len(title) > 200 or "\x00" in title:
        wrong["title"] = ["Give the text a title of at most 200 characters."]
    if not SHORTEST <= len(body) <= LONGEST or "\x00" in body:
        wrong["body"] = [f"The text has from {SHORTEST} to {LONGEST} characters."]
    if missing := [each for each in CONTENTS if each not in covers]:
        wrong["covers"] = [
            f"The text must say everything of the list; {len(missing)} are not ticked."
        ]
    if wrong:
        raise Invalid(" ".join(each for said in wrong.values() for each in said), fields=wrong)
    with change(actor):
        current_consent(language)  # the product's own version stands before the first own one
        newest = ConsentText.objects.select_for_update().filter(language=language)
        before = newest.order_by("-version").first()
        if before is not None and before.sha256 == consent_hash(title, body):
            raise Conflict("This is the text in force already.", code="unchanged")
        return ConsentText.objects.create(
            language=language,
            version=(before.version if before else 0) + 1,
            title=title,
            body=body,
            sha256=consent_hash(title, body),
            is_own=True,
            covers=[each for each in CONTENTS if each in covers],
            asks_again=asks_again,
            created_by=actor.user,
        )


def product_text(language: str) -> tuple[str, str]:
    """Title and body of the product's own text; in English where it has none."""
    path = _TEXTS / f"{language}.txt"
    if not path.is_file():
        language, path = "en", _TEXTS / "en.txt"
    with translation.override(language):
        title = gettext(TITLE)
    return title, path.read_text(encoding="utf-8").strip()


def check_writer(actor: Actor) -> None:
    """Raises NotAllowed for who may not write what signers agree to."""
    if not actor.is_system and actor.require_user().profile not in ("administrator", "legal"):
        raise NotAllowed("Only administrators and legal may write this text.")


def consent_hash(title: str, body: str) -> str:
    return hashlib.sha256(f"{title}\n{body}".encode()).hexdigest()


def _is_written(language: str) -> bool:
    own = ConsentText.objects.filter(language=language, is_own=True)
    return (_TEXTS / f"{language}.txt").is_file() or own.exists()
