"""The seal of this installation's organisation."""

from __future__ import annotations

from django.conf import settings
from pyhanko.sign.timestamps import TimeStamper

from dealwright.base.people.organization import organization
from dealwright.signing.seals.keys import SealKey, ensure_seal_key
from dealwright.signing.seals.timestamps import HttpTimeStamper


def ensure_organisation_seal() -> SealKey:
    """The seal key, made when it is first asked for and renewed in time; safe to repeat."""
    return ensure_seal_key(settings.DATA_DIR, organisation=organization().name)


def timestamper() -> TimeStamper | None:
    """The configured time-stamping authority (DEALWRIGHT_TSA_URL), or None."""
    return HttpTimeStamper([settings.TSA_URL]) if settings.TSA_URL else None
