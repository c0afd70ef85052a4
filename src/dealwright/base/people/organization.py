"""The company that this installation belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import ClassVar
from zoneinfo import available_timezones

from django.conf import settings
from django.db import models
from django.utils.timezone import now

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Invalid
from dealwright.base.money import check_currency


class Organization(models.Model):
    """One row: the company's name and the defaults of new users and records."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(max_length=160)
    currency = models.CharField(max_length=3, default="USD")
    timezone = models.CharField(max_length=64, default="UTC")
    language = models.CharField(max_length=12, default="en")
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(id=1), name="organization_is_one")
        ]

    def __str__(self) -> str:
        return self.name


_kept: ContextVar[Organization | None] = ContextVar("organization", default=None)


def organization() -> Organization:
    """The company; unsaved defaults before the first administrator has signed up."""
    return _kept.get() or _read()


@contextmanager
def keep_organization() -> Iterator[None]:
    """Read it once for all that a batch does; what is changed meanwhile counts for the next."""
    token = _kept.set(_read())
    try:
        yield
    finally:
        _kept.reset(token)


def _read() -> Organization:
    return Organization.objects.filter(pk=1).first() or Organization(name="Dealwright")


def update_organization(
    actor: Actor, *, name: str, currency: str, timezone: str, language: str
) -> Organization:
    """Change the company's name and defaults; for administrators. Raises Invalid per field."""
    actor.require_administrator()
    wrong: dict[str, list[str]] = {}
    name = " ".join(name.split())
    if not name or len(name) > 160:
        wrong["name"] = ["The company needs a name of at most 160 characters."]
    try:
        currency = check_currency(currency)
    except Invalid as error:
        wrong["currency"] = [error.message]
    if timezone not in available_timezones():
        wrong["timezone"] = ["Choose a time zone, such as Europe/Berlin."]
    if language not in dict(settings.LANGUAGES):
        wrong["language"] = ["Choose one of the languages."]
    if wrong:
        raise Invalid(" ".join(each for said in wrong.values() for each in said), fields=wrong)
    values = {"name": name, "currency": currency, "timezone": timezone, "language": language}
    with change(actor):
        return Organization.objects.update_or_create(pk=1, defaults=values)[0]
