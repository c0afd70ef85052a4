"""Setting text with typst: shaping, right-to-left and fonts are its work, not ours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import typst

from dealwright.signing.documents import fonts


def typeset(
    template: Path,
    data: Mapping[str, Any],
    *,
    tagged: bool = False,
    standards: list[str] | None = None,
    at: datetime | None = None,
) -> bytes:
    """The template's PDF. Data reaches it as one JSON text (``sys.inputs.data``), so nothing
    that a person typed is ever read as markup."""
    options: dict[str, Any] = {"pdf_tags": tagged}
    if standards:
        options["pdf_standards"] = standards
    if at:
        options["timestamp"] = at
    pdf: bytes = typst.compile(
        template.read_bytes(),
        format="pdf",
        font_paths=[str(fonts.FOLDER)],
        sys_inputs={"data": orjson.dumps(data).decode()},
        **options,
    )
    return pdf
