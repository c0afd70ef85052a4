"""Telling administrators in time that a certificate of the seal ends: 60, 30 and 7 days before."""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography import x509

from dealwright.base.access.actor import change, system
from dealwright.base.events.outbox import record_event
from dealwright.base.messaging.notices import notify
from dealwright.base.people.models import Profile, User
from dealwright.signing.seals import services
from dealwright.signing.seals.events import CertificateExpiring
from dealwright.signing.seals.keys import name_in
from dealwright.signing.seals.models import ONE_ROW, SealCertificate, SealSettings

DAYS = (7, 30, 60)
WATCH = system("Seal")


def watch_certificates() -> int:
    """Tell of each certificate that came nearer to its end; returns how many. The own seal key is
    renewed by itself and not among them, its root is."""
    told = 0
    with change(WATCH):
        for row in SealCertificate.objects.select_for_update().filter(retired_at__isnull=True):
            certificate = x509.load_pem_x509_certificate(row.certificate.encode())
            if days := _due(certificate, row.told_days):
                row.told_days = days
                row.save(update_fields=["told_days"])
                _tell(certificate, days)
                told += 1
        SealSettings.objects.get_or_create(pk=ONE_ROW)
        stored = SealSettings.objects.select_for_update().get(pk=ONE_ROW)
        root = services.ensure_organisation_seal().root
        if days := _due(root, stored.root_told_days):
            stored.root_told_days = days
            stored.save(update_fields=["root_told_days"])
            _tell(root, days)
            told += 1
    return told


def _due(certificate: x509.Certificate, told: int | None) -> int | None:
    """The step that was reached since the last notice, or None."""
    left = (certificate.not_valid_after_utc - datetime.now(UTC)).days
    step = next((days for days in DAYS if left <= days), None)
    return step if step is not None and (told is None or step < told) else None


def _tell(certificate: x509.Certificate, days: int) -> None:
    name, ends = name_in(certificate), certificate.not_valid_after_utc
    record_event(
        WATCH,
        CertificateExpiring(
            subject=name, serial=f"{certificate.serial_number:x}", expires_at=ends, days=days
        ),
    )
    for user in User.objects.filter(profile=Profile.ADMINISTRATOR, is_active=True):
        notify(
            user,
            f"The seal's certificate of {name} ends soon",
            body=f"It is valid until {ends:%Y-%m-%d}. Import its successor in time.",
            url="/settings/seal",
        )
