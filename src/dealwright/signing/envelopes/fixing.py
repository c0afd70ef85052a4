"""The sender's stamps are put into the documents on sending: everyone sees them then, and the
hash of what they agree to holds them."""

from __future__ import annotations

from dealwright.base.access.actor import Actor
from dealwright.base.files.services import read_file
from dealwright.signing.documents.geometry import Box
from dealwright.signing.documents.stamping import Mark
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.envelopes.preparing import draw_marks
from dealwright.signing.fields.models import EnvelopeField, FieldKind


def fix_stamps(actor: Actor, envelope: Envelope) -> int:
    """Draw every stamp of the sender into its document, and take its field away; returns how many.

    One with a condition stays a field: whether it applies is only known in the end. Raises
    Unavailable where a stamp cannot be seen after it was drawn.
    """
    count = 0
    for document in envelope.documents.all():
        fields = list(
            EnvelopeField.objects.filter(
                document=document,
                kind=FieldKind.STAMP,
                read_only=True,
                condition="",
                file__isnull=False,
            ).select_related("file")
        )
        if not fields:
            continue
        marks = [
            Mark(
                page=field.page,
                box=Box(field.x, field.y, field.w, field.h),
                kind="image",
                picture=read_file(field.file),
            )
            for field in fields
            if field.file is not None
        ]
        unseen = "the stamp on page {page} cannot be seen. Use another picture."
        draw_marks(actor, envelope, document, marks, unseen=unseen)
        EnvelopeField.objects.filter(pk__in=[each.pk for each in fields]).delete()
        count += len(fields)
    return count
