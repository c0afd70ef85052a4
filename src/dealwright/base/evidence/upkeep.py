"""Checking all evidence by itself, and telling administrators where something is wrong."""

from __future__ import annotations

from dealwright.base.access.actor import change, system
from dealwright.base.evidence.anchors import verify_anchors
from dealwright.base.evidence.models import EvidenceEntry
from dealwright.base.evidence.services import append_entry
from dealwright.base.evidence.timestamps import verify_timestamps
from dealwright.base.evidence.verification import verify_all
from dealwright.base.messaging.notices import notify
from dealwright.base.people.models import Profile, User

CHAIN = "evidence:checks"


def verify_everything() -> EvidenceEntry:
    """Check every chain, anchor and time stamp; the result is an entry of a chain of its own.

    Administrators get a notice where anything is wrong.
    """
    chains = entries = 0
    broken = []
    for result in verify_all():
        chains, entries = chains + 1, entries + result.entries
        if not result.ok:
            broken.append(result.chain)
    problems = [*verify_anchors(), *verify_timestamps()]
    actor = system("Evidence")
    with change(actor):
        entry = append_entry(
            CHAIN,
            "evidence.checked",
            {
                "ok": not (broken or problems),
                "chains": chains,
                "entries": entries,
                "broken": broken[:100],
                "anchors": [each.message for each in problems[:100]],
            },
            actor=actor,
        )
        if broken or problems:
            for user in User.objects.filter(profile=Profile.ADMINISTRATOR, is_active=True):
                notify(
                    user,
                    "The evidence is not sound",
                    body=f"{len(broken)} chains and {len(problems)} anchors do not verify.",
                    url="/evidence?verify=1",
                )
    return entry


def last_check() -> EvidenceEntry | None:
    """The newest result of ``verify_everything``."""
    return EvidenceEntry.objects.filter(chain_id=CHAIN).order_by("-seq").first()
