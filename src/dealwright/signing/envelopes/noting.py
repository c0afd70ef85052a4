"""What a correction changed, in the log of the envelope: as it was, as it is, and in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dealwright.base.access.actor import Actor
from dealwright.base.events.outbox import record_event
from dealwright.signing.envelopes.events import EnvelopeCorrected
from dealwright.signing.envelopes.models import Envelope, Recipient
from dealwright.signing.evidence.services import record_evidence
from dealwright.signing.fields.models import INK, EnvelopeField

_WORDS = {
    "message": "the message",
    "expires_at": "when it expires",
    "reminders": "reminders",
    "may_reassign": "whether recipients may assign their part",
}


def note_correction(
    actor: Actor,
    envelope: Envelope,
    *,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    changed: list[str],
    recipient: Recipient | None = None,
) -> None:
    """Log a correction and tell the house; of people and fields only those that differ."""
    was, now = (_differing(before, after, changed), _differing(after, before, changed))
    record_evidence(
        envelope,
        "envelope.corrected",
        actor=actor,
        recipient=recipient,
        facts={"changed": changed},
        details={"before": was, "after": now, "changes": _in_words(was, now, changed)},
    )
    record_event(
        actor,
        EnvelopeCorrected(
            envelope_id=envelope.pk,
            subject_object=envelope.subject_object,
            subject_id=envelope.subject_id,
            changed=changed,
            recipient_id=recipient.pk if recipient else None,
        ),
        object="envelope",
        record_id=envelope.pk,
    )


def snapshot(envelope: Envelope) -> dict[str, Any]:
    """What a correction may change, as it is now."""
    people = envelope.recipients.filter(reassigned_at=None, skipped_at=None, member_of=None)
    fields = EnvelopeField.objects.filter(document__envelope=envelope).order_by("id")
    return {
        "message": envelope.message,
        "expires_at": envelope.expires_at.isoformat() if envelope.expires_at else None,
        "reminders": [
            envelope.remind_first_days,
            envelope.remind_every_days,
            envelope.remind_most,
        ],
        "may_reassign": envelope.may_reassign,
        "recipients": [
            {
                "id": str(each.pk),
                "name": each.name,
                "email": each.email,
                "role": each.role,
                "order": each.order,
            }
            for each in people
        ],
        "fields": [_field(each) for each in fields.select_related("file", "document")],
    }


def _field(field: EnvelopeField) -> dict[str, Any]:
    """A field with all that it asks; ink stands elsewhere."""
    given = field.as_json()
    place = [given.pop(axis) for axis in ("x", "y", "w", "h")]
    return {
        **given,
        "document": field.document.name,
        "recipient": given.pop("owner"),
        "place": " ".join(f"{each:.4f}" for each in place),
        "value": field.value if field.kind not in INK else "",
        "file": field.file.sha256 if field.file is not None else "",
    }


def _differing(
    mine: Mapping[str, Any], other: Mapping[str, Any], changed: list[str]
) -> dict[str, Any]:
    """The changed parts; of a list of things with ids only those that are other or not there."""
    kept = {}
    for key in changed:
        kept[key] = mine[key]
        if key in ("recipients", "fields"):
            theirs = {each["id"]: each for each in other[key]}
            kept[key] = [each for each in mine[key] if theirs.get(each["id"]) != each]
    return kept


def _in_words(was: Mapping[str, Any], now: Mapping[str, Any], changed: list[str]) -> list[str]:
    """One short phrase for each difference."""
    said = [_WORDS[key] for key in changed if key in _WORDS]
    for key, naming in (("recipients", _person), ("fields", _title)):
        before = {each["id"]: each for each in was.get(key, ())}
        after = {each["id"]: each for each in now.get(key, ())}
        for each in (*before.values(), *(after[at] for at in after.keys() - before.keys())):
            at = each["id"]
            if at not in after:
                said.append(f"{naming(each)} taken away")
            elif at not in before:
                said.append(f"{naming(each)} added")
            else:
                parts = [part for part in each if before[at][part] != after[at].get(part)]
                said.append(f"{naming(after[at])}: {', '.join(parts)}")
    return said


def _person(kept: Mapping[str, Any]) -> str:
    return str(kept["name"] or kept["email"])


def _title(kept: Mapping[str, Any]) -> str:
    name = kept["label"] or str(kept["kind"]).replace("_", " ")
    option = f" ({kept['option']})" if kept["option"] else ""
    return f"field “{name}{option}” on page {kept['page']}"
