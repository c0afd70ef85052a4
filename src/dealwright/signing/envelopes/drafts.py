"""What one gives to make an envelope, and whether it can work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from email_validator import EmailNotValidError, validate_email

from dealwright.base.errors import Invalid
from dealwright.signing.documents.geometry import Box
from dealwright.signing.envelopes.models import IdentityMethod, Role
from dealwright.signing.fields.models import FieldKind

MAX_DOCUMENTS = 20
MAX_RECIPIENTS = 50
MAX_FIELDS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocument:
    """A PDF as uploaded. ``accept_signed`` takes one that is signed already, as a picture."""

    name: str
    content: bytes
    accept_signed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecipient:
    """A person. Equal ``order`` acts side by side; a higher one waits for the lower."""

    name: str
    email: str
    role: str = Role.SIGNER
    order: int = 1
    identity_method: str = IdentityMethod.EMAIL_OTP


@dataclass(frozen=True, slots=True, kw_only=True)
class NewField:
    """A place to fill. ``recipient`` and ``document`` count from 1 in the order given,
    ``page`` from 1; ``box`` is in fractions of the visible page."""

    recipient: int
    kind: str
    box: Box
    document: int = 1
    page: int = 1
    label: str = ""
    required: bool = True


@dataclass(slots=True)
class _Wrong:
    fields: dict[str, list[str]] = field(default_factory=dict)

    def add(self, key: str, sentence: str) -> None:
        self.fields.setdefault(key, []).append(sentence)

    def raise_if_any(self) -> None:
        if self.fields:
            raise Invalid(
                " ".join(sentence for each in self.fields.values() for sentence in each),
                fields=self.fields,
            )


def check_text(key: str, text: str, *, longest: int, name: str) -> str:
    """The text without blanks around it; raises Invalid where it cannot be kept."""
    wrong = _Wrong()
    if "\x00" in text:
        wrong.add(key, f"{name} contains a character that cannot be stored.")
    if len(text) > longest:
        wrong.add(key, f"{name} may have at most {longest} characters; this has {len(text)}.")
    wrong.raise_if_any()
    return text.strip()


def check_draft(
    *,
    title: str,
    message: str,
    documents: Sequence[NewDocument],
    recipients: Sequence[NewRecipient],
) -> None:
    """Raises Invalid that names every wrong place at once."""
    wrong = _Wrong()
    if not title.strip():
        wrong.add("title", "Give the envelope a title: recipients see it.")
    if len(title) > 200:
        wrong.add("title", "The title may have at most 200 characters.")
    if len(message) > 5_000:
        wrong.add("message", "The message may have at most 5000 characters.")
    for key, text in (("title", title), ("message", message)):
        if "\x00" in text:
            wrong.add(key, "This contains a character that cannot be stored.")
    for number, document in enumerate(documents, start=1):
        if "\x00" in document.name or len(document.name) > 200:
            wrong.add("documents", f"Document {number} needs a name of at most 200 characters.")
    if not documents:
        wrong.add("documents", "Add at least one document.")
    if len(documents) > MAX_DOCUMENTS:
        wrong.add("documents", f"An envelope holds at most {MAX_DOCUMENTS} documents.")
    _check_recipients(wrong, recipients)
    wrong.raise_if_any()


def _check_recipients(wrong: _Wrong, recipients: Sequence[NewRecipient]) -> None:
    if not any(each.role in (Role.SIGNER, Role.APPROVER, Role.VIEWER) for each in recipients):
        wrong.add("recipients", "Add at least one person who signs, approves or confirms.")
    if len(recipients) > MAX_RECIPIENTS:
        wrong.add("recipients", f"An envelope has at most {MAX_RECIPIENTS} recipients.")
    for number, each in enumerate(recipients, start=1):
        key = f"recipients.{number}"
        if not each.name.strip() or len(each.name) > 160 or "\x00" in each.name:
            wrong.add(key, f"Recipient {number} needs a name of at most 160 characters.")
        if each.role not in Role.values:
            wrong.add(key, f"“{each.role[:30]}” is none of: {', '.join(Role.values)}.")
        if each.identity_method not in IdentityMethod.values:
            wrong.add(key, f"“{each.identity_method[:30]}” is no way to confirm an identity.")
        if not 1 <= each.order <= 100:
            wrong.add(key, "The order is a number from 1 to 100.")
        try:
            validate_email(each.email.strip(), check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            wrong.add(key, f"“{each.email[:80]}” is not an e-mail address.")


def check_fields(
    fields: Sequence[NewField], *, recipients: Sequence[NewRecipient], page_counts: Sequence[int]
) -> None:
    """Raises Invalid where a field has no page, no recipient, or lies off its page."""
    wrong = _Wrong()
    if len(fields) > MAX_FIELDS:
        wrong.add("fields", f"An envelope has at most {MAX_FIELDS} fields.")
    for number, each in enumerate(fields, start=1):
        key = f"fields.{number}"
        if each.kind not in FieldKind.values:
            wrong.add(key, f"“{each.kind[:30]}” is none of: {', '.join(FieldKind.values)}.")
        if not 1 <= each.recipient <= len(recipients):
            wrong.add(
                key, f"Field {number} belongs to recipient {each.recipient}, who is not there."
            )
        elif recipients[each.recipient - 1].role != Role.SIGNER:
            wrong.add(key, f"Field {number} belongs to someone who does not sign.")
        if not 1 <= each.document <= len(page_counts):
            wrong.add(key, f"Field {number} is on document {each.document}, which is not there.")
        elif not 1 <= each.page <= page_counts[each.document - 1]:
            wrong.add(key, f"Field {number} is on page {each.page}, which is not there.")
        box = each.box
        if not (
            0 <= box.x < 1
            and 0 <= box.y < 1
            and 0.001 <= box.w <= 1.000001 - box.x
            and 0.001 <= box.h <= 1.000001 - box.y
        ):
            wrong.add(key, f"Field {number} does not lie on its page.")
        if len(each.label) > 80 or "\x00" in each.label:
            wrong.add(key, f"The label of field {number} may have at most 80 characters.")
    wrong.raise_if_any()
