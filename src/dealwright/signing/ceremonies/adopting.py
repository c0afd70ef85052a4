"""Choosing what stands for oneself: ink or a typed name."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
from django.utils import timezone

from dealwright.base.errors import Invalid
from dealwright.signing.ceremonies.acts import acting, require_step
from dealwright.signing.ceremonies.models import AdoptedSignature
from dealwright.signing.ceremonies.steps import Ceremony, Step
from dealwright.signing.documents import fonts
from dealwright.signing.documents.strokes import read_strokes
from dealwright.signing.evidence.services import record_evidence

FONTS = {"handwritten": fonts.HANDWRITTEN, "formal": fonts.FORMAL}


def adopt_signature(
    ceremony: Ceremony,
    *,
    kind: str = AdoptedSignature.Kind.SIGNATURE,
    strokes: Any = None,
    text: str = "",
    font: str = "handwritten",
) -> AdoptedSignature:
    """Choose what stands for oneself: ``strokes`` as ``documents.strokes`` reads them, or a
    typed ``text``. A later choice replaces it everywhere. Raises Invalid."""
    if kind not in AdoptedSignature.Kind.values:
        raise Invalid("There is no such kind of signature.")
    if strokes is not None:
        values: dict[str, Any] = {
            "strokes": read_strokes(strokes).as_json(),
            "text": "",
            "font": "",
        }
    else:
        typed = " ".join(text.split())
        if not typed or len(typed) > 160 or "\x00" in typed:
            sentence = "Type your name, or draw your signature."
            raise Invalid(sentence, fields={"text": [sentence]})
        values = {"strokes": None, "text": typed, "font": FONTS.get(font, fonts.HANDWRITTEN)}
    with acting(ceremony) as (envelope, recipient):
        require_step(ceremony, envelope, recipient, Step.DOCUMENT)
        adopted, _ = AdoptedSignature.objects.update_or_create(
            recipient=recipient, kind=kind, defaults={**values, "adopted_at": timezone.now()}
        )
        shown = orjson.dumps(values, option=orjson.OPT_SORT_KEYS)
        record_evidence(
            envelope,
            "recipient.adopted",
            actor=ceremony.actor,
            recipient=recipient,
            facts={"kind": kind, "sha256": hashlib.sha256(shown).hexdigest()},
            details={"form": "typed" if strokes is None else "drawn", **ceremony.visit.details},
        )
    return adopted
