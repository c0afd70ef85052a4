"""Files in fields: what a recipient attaches, a stamp of the recipient or of the sender."""

from __future__ import annotations

import base64
import binascii

from django.utils import timezone

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import as_uuid
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.files.services import read_file, store_file
from dealwright.signing.documents.pictures import read_picture
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.fields.models import EnvelopeField, FieldKind
from dealwright.signing.identity.policy import signing_settings

MAX_FILE = 20 * 1024 * 1024
MAX_STAMP = 2_000_000  # bytes: what an editor sends within its JSON
COMPANY, COPY = "company", "copy:"


def put_file(
    actor: Actor, envelope: Envelope, field: EnvelopeField, *, name: str, content: bytes
) -> None:
    """Store a file for a field of a locked envelope. A stamp is drawn anew from its pixels, so
    that nothing else of the file stays. Raises Invalid."""
    if not content or len(content) > MAX_FILE:
        raise Invalid("Choose a file of at most 20 MB.")
    if field.kind == FieldKind.STAMP:
        content, name = read_picture(content), f"{name.rpartition('.')[0] or 'Stamp'}.png"
    field.file = store_file(
        actor,
        name=name,
        content=content,
        object="envelope",
        record_id=envelope.pk,
        purpose="field",
    )
    field.value = f"{field.file.name}, SHA-256 {field.file.sha256}"
    field.filled_at = timezone.now()
    field.save(update_fields=["file", "value", "filled_at"])


def sent_stamp(envelope: Envelope, given: str, name: str) -> tuple[str, bytes]:
    """The picture that an editor put into a stamp: a name and the content. ``given`` is the
    picture in base64, "company" for the company's stamp, or "copy:<id>" for that of another field
    of the envelope. Raises Invalid or NotFound."""
    if given == COMPANY:
        stored = signing_settings().stamp
        if stored is None:
            raise Invalid(
                "The company has no stamp yet. An administrator adds it under Settings, Signing.",
                code="no_stamp",
            )
        return stored.name, read_file(stored)
    if given.startswith(COPY):
        field = EnvelopeField.objects.filter(
            document__envelope=envelope,
            pk=as_uuid(given.removeprefix(COPY)),
            kind=FieldKind.STAMP,
            read_only=True,
        ).first()
        if field is None or field.file is None:
            raise NotFound("There is no such stamp in this envelope.")
        return field.file.name, read_file(field.file)
    if len(given) > MAX_STAMP * 4 // 3 + 4:
        raise Invalid("Choose a picture of at most 1.5 MB.")
    try:
        content = base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("The picture cannot be read. Save it as PNG or JPEG.") from None
    plain = name.strip().rpartition("/")[2][:150]
    return plain if plain and "\x00" not in plain else "Stamp.png", content
