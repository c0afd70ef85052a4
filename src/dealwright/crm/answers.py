"""Shapes that the API of this system shares."""

from typing import Annotated, Any

from django.http import HttpResponse
from ninja import Schema
from pydantic import AfterValidator, Field

from dealwright.base.access.actor import Actor
from dealwright.base.api.responses import with_etag
from dealwright.base.errors import NotFound
from dealwright.base.objects.registry import object_type
from dealwright.base.records.queries import get_row


def _storable(text: str) -> str:
    """Refuses the one character that no text of the database can hold."""
    if "\x00" in text:
        raise ValueError("contains a character that cannot be stored")
    return text


ShortText = Annotated[str, Field(max_length=250), AfterValidator(_storable)]
LongText = Annotated[str, Field(max_length=20_000), AfterValidator(_storable)]


class RecordOut(Schema, extra="allow"):
    """The record as it is now, like the answer of its own address."""

    id: Any
    version: int


def record_answer(actor: Actor, object_key: str, record: Any, *, status: int = 200) -> HttpResponse:
    """A record with its ETag; who may not see it any more gets its id."""
    try:
        row = get_row(actor, object_type(object_key), record.pk)
    except NotFound:
        row = {"id": record.pk, "version": record.version}
    return with_etag(row, status=status)
