"""Controls of ISO/IEC 27001:2022, Annex A, that this product takes part in, with live evidence.

What the product does is a part of each control; whether an organisation meets it is for its own
management system and its auditors to say. Nothing here certifies anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dealwright.base.database.doctor import Finding, examine
from dealwright.base.evidence.canonical import utc_text
from dealwright.base.evidence.models import (
    EvidenceAnchor,
    EvidenceChain,
    EvidenceEntry,
    EvidenceTimestamp,
)
from dealwright.base.evidence.upkeep import last_check
from dealwright.base.files.models import StoredFile
from dealwright.base.files.readiness import key_versions, last_backup
from dealwright.base.people.models import User
from dealwright.base.records.models import AuditEvent
from dealwright.signing.envelopes.models import Envelope, IdentityMethod, Recipient
from dealwright.signing.retention.models import LegalHold, RetentionPolicy, RetentionRun

Fact = tuple[str, str]
Findings = Mapping[str, Finding]  # of the doctor, by name


@dataclass(frozen=True, slots=True)
class Control:
    """A control by its number and title, what the product does for it, and what shows it."""

    number: str
    title: str
    does: str
    facts: Callable[[Findings], Sequence[Fact]]


def collection(_found: Findings) -> Sequence[Fact]:
    checked = last_check()
    return [
        (_("Chains of evidence"), str(EvidenceChain.objects.count())),
        (_("Entries"), str(EvidenceEntry.objects.count())),
        (_("Last full verification"), utc_text(checked.at) if checked else _("none yet")),
        (_("Its result"), _result(checked)),
        (_("Evidence packages taken"), _count("evidence.downloaded")),
    ]


def records(_found: Findings) -> Sequence[Fact]:
    anchor = EvidenceAnchor.objects.order_by("-size").first()
    stamp = EvidenceTimestamp.objects.order_by("-at").first()
    return [
        (_("Sealed envelopes"), str(Envelope.objects.filter(completed_at__isnull=False).count())),
        (_("Last anchor"), utc_text(anchor.created_at) if anchor else _("none yet")),
        (_("Last time stamp"), utc_text(stamp.at) if stamp else _("none yet")),
        (_("Retention policies"), str(RetentionPolicy.objects.count())),
        (_("Standing legal holds"), str(LegalHold.objects.filter(released_at=None).count())),
    ]


def privacy(_found: Findings) -> Sequence[Fact]:
    return [
        (_("Recipients whose details are kept"), str(Recipient.objects.exclude(email="").count())),
        (_("Recipients erased"), _count("recipient.erased")),
        (_("Envelopes purged"), _count("envelope.purged")),
    ]


def authentication(_found: Findings) -> Sequence[Fact]:
    confirmed = EvidenceEntry.objects.filter(kind="recipient.authenticated")
    methods = confirmed.values_list("payload__method").annotate(count=Count("pk"))
    labels = dict(IdentityMethod.choices)
    return [
        (_("Active users"), str(User.objects.filter(is_active=True).count())),
        *(
            (
                _("Recipients identified by: %(method)s")
                % {"method": _(str(labels.get(method, method)))},
                str(count),
            )
            for method, count in methods.order_by("payload__method")
        ),
        (_("Wrong codes"), _count("recipient.authentication_failed")),
        (_("Recipients locked out"), _count("recipient.locked")),
    ]


def deletion(_found: Findings) -> Sequence[Fact]:
    run = RetentionRun.objects.first()
    return [
        (_("Envelopes purged"), _count("envelope.purged")),
        (_("Files destroyed"), str(StoredFile.everything.filter(key_id="").count())),
        (_("Last run of retention"), utc_text(run.started_at) if run else _("none yet")),
        (_("Left by it"), str(len(run.left)) if run else "0"),
    ]


def backup(found: Findings) -> Sequence[Fact]:
    newest = last_backup()
    return [
        (
            _("Newest backup in the data folder"),
            utc_text(newest) if newest else _("none there; keep yours elsewhere, and tried"),
        ),
        *_findings(found, "disk"),
    ]


def logging(_found: Findings) -> Sequence[Fact]:
    newest = AuditEvent.objects.order_by("-id").first()
    return [
        (_("Lines of the audit trail"), str(newest.pk if newest else 0)),
        (_("Newest line"), utc_text(newest.at) if newest else _("none yet")),
        (_("Entries of evidence"), str(EvidenceEntry.objects.count())),
    ]


def clocks(found: Findings) -> Sequence[Fact]:
    return [
        *_findings(found, "clock"),
        (_("Time-stamping authority"), settings.TSA_URL or _("none is set")),
    ]


def cryptography(found: Findings) -> Sequence[Fact]:
    return [
        *_findings(found, "file keys", "seal key"),
        *(
            (_("Files under master key %(key)s") % {"key": key}, str(n))
            for key, n in key_versions()
        ),
    ]


CONTROLS = (
    Control(
        "5.28",
        gettext_noop("Collection of evidence"),
        gettext_noop(
            "Every act of an envelope is an entry of a hash chain that the database refuses to "
            "change; packages are checked offline by whoever gets them."
        ),
        collection,
    ),
    Control(
        "5.33",
        gettext_noop("Protection of records"),
        gettext_noop(
            "Signed documents are sealed and cannot change; anchors and time stamps show when "
            "they were there; policies and legal holds say how long they are kept."
        ),
        records,
    ),
    Control(
        "5.34",
        gettext_noop("Privacy and protection of personal data"),
        gettext_noop(
            "Details about people lie apart from the chain, which holds salted hashes of them: "
            "they are erased without breaking the evidence."
        ),
        privacy,
    ),
    Control(
        "8.5",
        gettext_noop("Secure authentication"),
        gettext_noop(
            "Links carry 256-bit secrets kept as hashes; codes are short-lived, limited, and "
            "bound to a recipient and a browser; users have passkeys and second factors."
        ),
        authentication,
    ),
    Control(
        "8.10",
        gettext_noop("Deletion of information"),
        gettext_noop(
            "Each file has a key of its own: destroying the key destroys the file. What was "
            "destroyed when, and why, stays as a tombstone in the chain."
        ),
        deletion,
    ),
    Control(
        "8.13",
        gettext_noop("Backup of information"),
        gettext_noop(
            "A backup is one encrypted file with database, files and secrets, read back and "
            "compared before it gets its name."
        ),
        backup,
    ),
    Control(
        "8.15",
        gettext_noop("Activity logs"),
        gettext_noop(
            "Triggers of the database write every change with who made it, from where, before "
            "and after; the table refuses changes and deletions."
        ),
        logging,
    ),
    Control(
        "8.17",
        gettext_noop("Clock synchronisation"),
        gettext_noop(
            "Times are in UTC. Nothing is sealed or stamped while the clock differs from the "
            "time-stamping authority's by more than a minute."
        ),
        clocks,
    ),
    Control(
        "8.24",
        gettext_noop("Use of cryptography"),
        gettext_noop(
            "Files: AES-256-GCM with a key each, wrapped by a master key that is rotated. Seals: "
            "ECDSA P-256 in CMS. Chains: SHA-256."
        ),
        cryptography,
    ),
)


def controls_with_facts() -> Sequence[tuple[Control, Sequence[Fact]]]:
    """Every control with what shows it on this installation now."""
    found = examine()
    return [(each, each.facts(found)) for each in CONTROLS]


def _count(kind: str) -> str:
    return str(EvidenceEntry.objects.filter(kind=kind).count())


def _result(checked: EvidenceEntry | None) -> str:
    if checked is None:
        return _("none yet")
    return _("sound") if checked.payload["ok"] else _("NOT SOUND: see Evidence")


def _findings(found: Findings, *names: str) -> list[Fact]:
    return [(name, found[name].message) for name in names if name in found]
