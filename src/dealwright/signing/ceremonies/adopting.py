"""Choosing what stands for oneself: ink, a typed name or a picture of one's signature."""

from __future__ import annotations

import hashlib
from typing import Any

from django.utils import timezone

from dealwright.base.errors import Invalid
from dealwright.signing.ceremonies.acts import acting, require_step
from dealwright.signing.ceremonies.models import AdoptedSignature
from dealwright.signing.ceremonies.steps import Ceremony, Step
from dealwright.signing.documents import fonts
from dealwright.signing.documents.pictures import read_signature
from dealwright.signing.documents.strokes import read_strokes
from dealwright.signing.evidence.services import record_evidence

FONTS = {"handwritten": fonts.HANDWRITTEN, "formal": fonts.FORMAL}

MAX_PICTURE = 10 * 1024 * 1024


def adopt_signature(
    ceremony: Ceremony,
    *,
    kind: str = AdoptedSignature.Kind.SIGNATURE,
    strokes: Any = None,
    text: str = "",
    font: str = "handwritten",
    picture: bytes | None = None,
) -> AdoptedSignature:
    """Choose what stands for oneself: ``strokes`` as ``documents.strokes`` reads them, a typed
    ``text``, or the ``picture`` of a signature (PNG or JPEG), of which the ink is kept.

    A later choice replaces it everywhere. Raises Invalid.
    """
    if kind not in AdoptedSignature.Kind.values:
        raise Invalid("There is no such kind of signature.")
    if strokes is not None:
        values = _values(strokes=read_strokes(strokes).as_json())
    elif picture is not None:
        values = _values(picture=_ink_of(picture))
    else:
        typed = " ".join(text.split())
        if not typed or len(typed) > 160 or "\x00" in typed:
            sentence = "Type your name, or draw your signature."
            raise Invalid(sentence, fields={"text": [sentence]})
        values = _values(text=typed, font=FONTS.get(font, fonts.HANDWRITTEN))
    with acting(ceremony) as (envelope, recipient):
        require_step(ceremony, envelope, recipient, Step.DOCUMENT)
        adopted, _ = AdoptedSignature.objects.update_or_create(
            recipient=recipient, kind=kind, defaults={**values, "adopted_at": timezone.now()}
        )
        record_evidence(
            envelope,
            "recipient.adopted",
            actor=ceremony.actor,
            recipient=recipient,
            facts={"kind": kind, "sha256": hashlib.sha256(adopted.as_bytes).hexdigest()},
            details={"form": adopted.form, **ceremony.visit.details},
        )
    return adopted


def _values(**given: Any) -> dict[str, Any]:
    return {"strokes": None, "text": "", "font": "", "picture": None, **given}


def _ink_of(picture: bytes) -> bytes:
    if not picture or len(picture) > MAX_PICTURE:
        sentence = "Choose a picture of at most 10 MB."
        raise Invalid(sentence, code="bad_picture", fields={"picture": [sentence]})
    return read_signature(picture)
