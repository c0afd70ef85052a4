"""What identity providers checked of the people in an envelope, for readers of the evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from dealwright.base.evidence.models import EvidenceEntry
from dealwright.signing.envelopes.models import Envelope, IdentityMethod
from dealwright.signing.evidence.models import EvidenceDetail
from dealwright.signing.identity.models import Assurance, IdentityStep

# The words of a certificate, which is in English, for the specification's check methods.
METHODS = {
    "vpip": "document inspected in person",
    "vpiruv": "document inspected in person, also under ultraviolet light",
    "vri": "document inspected in a picture",
    "vdig": "digital document inspected",
    "vcrypt": "document's cryptographic features verified",
    "data": "compared with a record",
    "kbv": "questions answered",
    "pvp": "face compared by a person on the spot",
    "pvr": "face compared by a person over video or pictures",
    "bvp": "face compared by a machine on the spot",
    "bvr": "face compared by a machine over video or pictures",
}


def assured_of(envelope: Envelope) -> dict[str, dict[str, Any]]:
    """The newest check of each recipient by id: the facts of the chain, and the details while
    they are kept. Empty where nobody's identity was checked."""
    found: dict[str, dict[str, Any]] = {}
    rows = EvidenceEntry.objects.filter(
        chain_id=envelope.chain,
        kind="recipient.authenticated",
        payload__method=IdentityMethod.IDP,
        payload__has_key="assurance",
    )
    for entry in rows.order_by("seq"):
        found[str(entry.payload["recipient"])] = {**entry.payload, "seq": entry.seq}
    if found:
        seqs = [each["seq"] for each in found.values()]
        kept = EvidenceDetail.objects.filter(envelope=envelope, seq__in=seqs)
        details = {row.seq: row.details for row in kept}
        for each in found.values():
            each.update({**details.get(each["seq"], {}), **each})
    return found


def asked_of_providers(envelope_id: Any) -> dict[Any, str]:
    """What providers have to check (``Assurance``), by the recipient's id."""
    rows = IdentityStep.objects.filter(
        recipient__envelope_id=envelope_id, method=IdentityMethod.IDP
    ).exclude(assurance="")
    return dict(rows.values_list("recipient_id", "assurance"))


def sentence_of(check: Mapping[str, Any], *, named: Callable[[str], str] = str) -> str:
    """A check as a certificate tells it: what, how, by whom, when, by which rules, which name."""
    how = ", ".join(METHODS.get(each, each) for each in check.get("check_methods") or [])
    by = named(str(check.get("organization") or check.get("provider") or ""))
    at = datetime.fromisoformat(str(check["checked_at"]))
    told = [
        f"{Assurance(check['assurance']).label} ({how})",
        f"checked by {by} on {at:%Y-%m-%d %H:%M:%S} UTC",
        f"rules {check['trust_framework']}",
    ]
    if level := check.get("assurance_level"):
        told.append(f"level {level}")
    if number := check.get("check_id"):
        told.append(f"check {number}")
    if name := check.get("verified_name"):
        differs = "" if check.get("same_name") else ", which differs from the name above"
        told.append(f"verified name {named(str(name))}{differs}")
    return "; ".join(told)
