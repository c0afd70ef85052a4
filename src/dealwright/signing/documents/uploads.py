"""An uploaded document made ready, in the limited process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dealwright.base.errors import Invalid
from dealwright.signing.documents.anchors import Anchor
from dealwright.signing.documents.geometry import Box, PageGeometry
from dealwright.signing.documents.stamping import Mark, place_marks
from dealwright.signing.sandbox import TookTooMuch, run_limited


@dataclass(frozen=True, slots=True)
class Upload:
    """The normalised document with its anchors painted over, and what was found in it."""

    pdf: bytes
    pages: tuple[PageGeometry, ...]
    texts: tuple[str, ...]
    anchors: tuple[Anchor, ...]
    notes: tuple[str, ...]


def read_upload(name: str, content: bytes, *, accept_signed: bool = False) -> Upload:
    """Normalise an upload, after making it a PDF where it is none; raises Invalid that names the
    file and what is in its way."""
    try:
        answer = run_limited("normalise", content, {"accept_signed": accept_signed, "name": name})
    except Invalid as error:
        sentence = f"{name}: {error.message}"
        raise Invalid(sentence, code=error.code, fields={"documents": [sentence]}) from None
    except TookTooMuch:
        sentence = f"{name}: the file takes too much memory or time to read. Print it to PDF again."
        raise Invalid(sentence, code="took_too_much", fields={"documents": [sentence]}) from None
    anchors = tuple(_anchor(each) for each in answer.data["anchors"])
    covers = [Mark(page=each.page, box=each.covers, kind="cover") for each in anchors]
    return Upload(
        pdf=place_marks(answer.content, covers),
        pages=tuple(PageGeometry.from_json(each) for each in answer.data["pages"]),
        texts=tuple(answer.data["texts"]),
        anchors=anchors,
        notes=tuple(answer.data["notes"]),
    )


def _anchor(data: dict[str, Any]) -> Anchor:
    boxes = {"box": Box(**data["box"]), "covers": Box(**data["covers"])}
    return Anchor(**{**data, **boxes, "options": tuple(data["options"])})
