"""What programs may do with envelopes and templates, as tools."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from dealwright.base.access.actor import Actor
from dealwright.base.api.authentication import check_scope
from dealwright.base.errors import Invalid
from dealwright.base.files.access import get_file
from dealwright.base.files.services import read_file
from dealwright.base.mcp.downloads import link_to
from dealwright.base.mcp.operations import offer_operation
from dealwright.base.mcp.tools import Arguments, Caller, tool
from dealwright.base.people.scopes import has_scope
from dealwright.signing.envelopes.queries import find_file
from dealwright.signing.verification.services import verify_signed_pdf

READ, WRITE = "signing:read", "signing:write"

offer_operation(
    "read_envelope_progress",
    scope=READ,
    reads=True,
    more="Tells how far each person is; find_records with object `envelope` finds envelopes.",
)
offer_operation("read_envelope_evidence", scope=READ, reads=True)
offer_operation(
    "read_signing_template_content",
    scope=READ,
    reads=True,
    more="find_records with object `signing_template` finds templates.",
)
offer_operation(
    "use_signing_template",
    scope=WRITE,
    reaches_out=True,
    more="Read the template's roles first. Without `send` it stays a draft.",
)
offer_operation(
    "create_envelope",
    scope=WRITE,
    reaches_out=True,
    more="A document is a file that is here already, or base64. Without `send` it stays a draft.",
)
offer_operation("send_envelope", scope=WRITE, destructive=True, reaches_out=True)
offer_operation("list_redlines", scope=READ, reads=True)
offer_operation(
    "add_redline",
    scope=WRITE,
    more="Only in a draft. `find` is the text as it stands in the document.",
)
offer_operation("remove_redline", scope=WRITE, destructive=True, idempotent=True)
offer_operation("schedule_envelope", scope=WRITE, idempotent=True)
offer_operation("remind_recipients", scope=WRITE, reaches_out=True)
offer_operation("resend_invitations", scope=WRITE, reaches_out=True)
offer_operation(
    "correct_envelope",
    scope=WRITE,
    destructive=True,
    reaches_out=True,
    more="To put an address right, give `recipients` with the id and the new `email`.",
)
offer_operation("reassign_recipient", scope=WRITE, destructive=True, reaches_out=True)
offer_operation("unlock_recipient", scope=WRITE, idempotent=True)
offer_operation("void_envelope", scope=WRITE, destructive=True, reaches_out=True)


def _may_read(actor: Actor) -> bool:
    return has_scope(actor, READ)


class FileOfEnvelope(Arguments):
    id: Annotated[UUID, Field(description="Id, of the envelopes.")]
    file: Literal["original", "prepared", "sealed", "certificate", "evidence_package"]
    document_id: Annotated[
        UUID | None, Field(description="Which document, where `file` is a form of one.")
    ] = None


@tool("Link to a file of an envelope", FileOfEnvelope, offered_to=_may_read, reads=True)
def link_to_envelope_file(caller: Caller, given: FileOfEnvelope) -> Any:
    """An address that works once, for five minutes, of a document of an envelope, its
    certificate of completion, or the evidence package that checks itself offline."""
    check_scope(caller.actor, READ)
    one = {"id": str(given.id)}
    if given.file == "evidence_package":
        return link_to(caller, "download_evidence_package", one)
    if given.file == "certificate":
        return link_to(caller, "download_envelope_certificate", one)
    if given.document_id is None:
        sentence = "Say which document of the envelope."
        raise Invalid(sentence, fields={"document_id": [sentence]})
    find_file(caller.actor, given.id, given.document_id, given.file)
    which = {**one, "document_id": str(given.document_id), "form": given.file}
    return link_to(caller, "download_envelope_document", which)


class SignedPdf(Arguments):
    content: Annotated[
        str | None, Field(max_length=5_000_000, description="The PDF in base64.")
    ] = None
    file_id: Annotated[UUID | None, Field(description="Or a file that is here already.")] = None
    trust: Annotated[
        str,
        Field(max_length=200_000, description="Root certificates (PEM) to say who signed."),
    ] = ""


@tool("Verify a signed PDF", SignedPdf, offered_to=_may_read, reads=True)
def verify_pdf(caller: Caller, given: SignedPdf) -> Any:
    """Check any signed PDF: whether its signatures are whole, what was changed after them, and
    who signed as far as the given roots can tell (ETSI EN 319 102-1)."""
    check_scope(caller.actor, READ)
    if (given.content is None) == (given.file_id is None):
        sentence = "Give either the content or a file_id."
        raise Invalid(sentence, fields={"content": [sentence]})
    if given.file_id is not None:
        content = read_file(get_file(caller.actor, given.file_id))
    else:
        try:
            content = base64.b64decode(given.content or "", validate=True)
        except (binascii.Error, ValueError):
            sentence = "The content is not base64."
            raise Invalid(sentence, fields={"content": [sentence]}) from None
    return verify_signed_pdf(content, trust=given.trust.encode())
