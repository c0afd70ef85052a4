"""What one gives to make an envelope, and whether it can work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils import timezone
from email_validator import EmailNotValidError, validate_email

from dealwright.base.errors import Invalid
from dealwright.base.files.models import StoredFile
from dealwright.signing.documents.geometry import Box
from dealwright.signing.envelopes.conditions import check_written, schema_of
from dealwright.signing.envelopes.models import SIGNING_ROLES, IdentityMethod, Role
from dealwright.signing.fields.applying import wrong_rules
from dealwright.signing.fields.checking import clean_value, wrong_definition
from dealwright.signing.fields.models import STARTING, FieldKind
from dealwright.signing.fields.paid import currency_of
from dealwright.signing.identity.choices import (
    BY_MAIL,
    IdentityChoice,
    as_methods,
    wrong_choice,
)

MAX_DOCUMENTS = 20
MAX_RECIPIENTS = 50
MAX_FIELDS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDocument:
    """A document that was stored and normalised before, such as a template's; its files are
    shared, not copied."""

    original: StoredFile
    original_sha256: str
    prepared: StoredFile
    prepared_sha256: str
    pages: Sequence[dict[str, Any]]
    texts: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocument:
    """A PDF as uploaded, or one that is ``kept`` already. ``accept_signed`` takes one that is
    signed already, as a picture."""

    name: str
    content: bytes
    accept_signed: bool = False
    kept: KeptDocument | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecipient:
    """A person. Equal ``order`` acts side by side; a higher one waits for the lower.

    ``condition`` over fields of earlier recipients decides whether they are needed
    (``envelopes.conditions``). ``group`` is the id of a signing group of which any one acts:
    then ``name`` and ``email`` are not asked. ``named_by`` is the number of the recipient who
    says who this is, ``witness_of`` of the one whom a witness sees sign, both from 1 in the
    order given. ``host`` is the id of the user on whose device an in-person signer signs; such
    a signer needs no address. ``identity_methods`` are the ways in which they show who they
    are, in order (``identity.choices``); ``identity_method`` says the same of a single one.
    """

    name: str = ""
    email: str = ""
    role: str = Role.SIGNER
    order: int = 1
    identity_method: str = IdentityMethod.EMAIL_OTP
    identity_methods: Sequence[str] | None = None
    access_code: str = field(default="", repr=False)
    phone: str = ""
    messenger: str = ""
    provider: str = ""
    assurance: str = ""
    other_name: str = ""
    condition: str = ""
    group: Any = None
    named_by: int | None = None
    witness_of: int | None = None
    host: Any = None

    @property
    def signs(self) -> bool:
        """Whether a signature of this person stands in the documents."""
        return self.role in SIGNING_ROLES

    @property
    def methods(self) -> list[str]:
        """How they show who they are; without an address it is the host who looks."""
        methods = as_methods(self.identity_method, self.identity_methods)
        unaddressed = self.role == Role.IN_PERSON_SIGNER and not self.email.strip()
        return [] if unaddressed and methods == [IdentityMethod.EMAIL_OTP] else methods

    @property
    def identity(self) -> IdentityChoice:
        """How they show who they are, with what that needs."""
        return IdentityChoice(
            methods=self.methods,
            access_code=self.access_code,
            phone=self.phone,
            messenger=self.messenger,
            provider=self.provider,
            assurance=self.assurance,
            other_name=self.other_name,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminders:
    """When whose turn it is gets reminded: ``first`` days after the invitation (or ``every``),
    then ``every`` days (None: never), at most ``most`` times (None: for 30 days)."""

    every: int | None = 3
    first: int | None = None
    most: int | None = None

    def check(self) -> None:
        """Raises Invalid where a number cannot be."""
        wrong = _Wrong()
        for key, days in (("remind_every_days", self.every), ("remind_first_days", self.first)):
            if days is not None and not 1 <= days <= 30:
                wrong.add(key, "Remind every 1 to 30 days, or not at all.")
        if self.most is not None and not 1 <= self.most <= 50:
            wrong.add("remind_most", "Remind 1 to 50 times, or leave it open.")
        wrong.raise_if_any()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewField:
    """A place to fill. ``recipient`` and ``document`` count from 1 in the order given,
    ``page`` from 1; ``box`` is in fractions of the visible page. ``value`` is what it starts
    with; the rest as at ``EnvelopeField``."""

    recipient: int
    kind: str
    box: Box
    document: int = 1
    page: int = 1
    label: str = ""
    required: bool = True
    value: str = ""
    read_only: bool = False
    tab: int | None = None
    help: str = ""
    options: Sequence[str] = ()
    option: str = ""
    condition: str = ""
    formula: str = ""
    checks: Mapping[str, Any] = field(default_factory=dict)

    @property
    def details(self) -> dict[str, Any]:
        """What an ``EnvelopeField`` keeps of it beside whose it is and where it stands."""
        value = clean_value(self, self.value)
        return {
            "value": value,
            "filled_at": timezone.now() if value else None,
            "read_only": self.read_only,
            "tab": self.tab,
            "help": self.help.strip(),
            "options": list(self.options),
            "option": self.option.strip(),
            "condition": self.condition.strip(),
            "formula": self.formula.strip(),
            "checks": {**self.checks, **self._currency},
        }

    @property
    def columns(self) -> dict[str, Any]:
        """What an ``EnvelopeField`` keeps of it beside whose it is and in which document."""
        return {
            "kind": self.kind,
            "label": self.label.strip(),
            "page": self.page - 1,
            "required": self.required,
            **asdict(self.box),
            **self.details,
        }

    @property
    def _currency(self) -> dict[str, str]:
        """The currency of a payment, so that it stays when the company's changes."""
        return {"currency": currency_of(self.checks)} if self.kind == "payment" else {}


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


def check_part11(recipients: Sequence[NewRecipient]) -> None:
    """Raises Invalid that names who could not show at the act of signing that it is them."""
    wrong = _Wrong()
    for number, each in enumerate(recipients, start=1):
        addressed = each.role != Role.IN_PERSON_SIGNER or bool(each.email.strip())
        if each.role != Role.CC and (
            sentence := wrong_choice(each.identity, addressed=addressed, part11=True)
        ):
            wrong.add(f"recipients.{number}", sentence)
    wrong.raise_if_any()


def check_people(recipients: Sequence[NewRecipient]) -> None:
    """Raises Invalid that names every recipient who cannot be asked as given."""
    wrong = _Wrong()
    _check_each(wrong, recipients)
    wrong.raise_if_any()


def _check_recipients(wrong: _Wrong, recipients: Sequence[NewRecipient]) -> None:
    if not any(each.role not in (Role.CC, Role.EDITOR) for each in recipients):
        wrong.add("recipients", "Add at least one person who signs, approves or confirms.")
    elif not any(each.role not in (Role.CC, Role.EDITOR) and not each.condition.strip()
                 for each in recipients):  # fmt: skip
        wrong.add("recipients", "At least one person must be asked under no condition.")
    if len(recipients) > MAX_RECIPIENTS:
        wrong.add("recipients", f"An envelope has at most {MAX_RECIPIENTS} recipients.")
    _check_each(wrong, recipients)


def _check_each(wrong: _Wrong, recipients: Sequence[NewRecipient]) -> None:
    for number, each in enumerate(recipients, start=1):
        key = f"recipients.{number}"
        if each.role not in Role.values:
            wrong.add(key, f"“{each.role[:30]}” is none of: {', '.join(Role.values)}.")
        addressed = each.role != Role.IN_PERSON_SIGNER or bool(each.email.strip())
        if sentence := wrong_choice(each.identity, addressed=addressed):
            wrong.add(key, sentence)
        if not 1 <= each.order <= 100:
            wrong.add(key, "The order is a number from 1 to 100.")
        _check_who(wrong, key, number, each)
        _check_ties(wrong, key, number, recipients)


def _check_who(wrong: _Wrong, key: str, number: int, each: NewRecipient) -> None:
    """Who it is: a person with an address, a group, or somebody who is named later."""
    open_ways = [each.group is not None, each.named_by is not None]
    if sum(open_ways) > 1:
        wrong.add(key, f"Recipient {number} is either a group or named by another, not both.")
    if any(open_ways):
        if each.role in (Role.CC, Role.WITNESS, Role.IN_PERSON_SIGNER, Role.EDITOR):
            wrong.add(key, f"Recipient {number}: only who signs, approves or confirms can be open.")
        if each.email.strip():
            wrong.add(key, f"Recipient {number} has an address already.")
        if set(each.methods) - set(BY_MAIL):
            wrong.add(key, f"Recipient {number} is open, so only a code by e-mail can be asked.")
        if len(each.name) > 160 or "\x00" in each.name:
            wrong.add(key, f"Recipient {number} needs a name of at most 160 characters.")
        return
    if not each.name.strip() or len(each.name) > 160 or "\x00" in each.name:
        wrong.add(key, f"Recipient {number} needs a name of at most 160 characters.")
    if each.role == Role.IN_PERSON_SIGNER and not each.email.strip():
        return
    try:
        validate_email(each.email.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        wrong.add(key, f"“{each.email[:80]}” is not an e-mail address.")


def _check_ties(wrong: _Wrong, key: str, number: int, recipients: Sequence[NewRecipient]) -> None:
    """What ties a recipient to another: naming, witnessing, hosting."""
    each = recipients[number - 1]
    if (each.role == Role.IN_PERSON_SIGNER) != (each.host is not None):
        wrong.add(key, f"Recipient {number}: who signs in person has a host, and nobody else.")
    if (each.role == Role.WITNESS) != (each.witness_of is not None):
        wrong.add(key, f"Recipient {number}: a witness, and only a witness, sees another sign.")
    elif each.witness_of is not None:
        seen = _at(recipients, each.witness_of)
        if seen is None or seen is each or seen.role not in (Role.SIGNER, Role.IN_PERSON_SIGNER):
            wrong.add(key, f"Recipient {number} must witness somebody who signs.")
        elif seen.order > each.order:
            wrong.add(key, f"Recipient {number} must come after whom they witness.")
        elif seen.email.strip() and seen.email.strip().lower() == each.email.strip().lower():
            wrong.add(key, "Nobody can be the witness of their own signature.")
    if each.named_by is not None:
        namer = _at(recipients, each.named_by)
        if namer is None or namer.role in (Role.CC, Role.EDITOR) or namer.order >= each.order:
            wrong.add(key, f"Recipient {number} must be named by somebody who acts before.")


def _at(recipients: Sequence[NewRecipient], number: int) -> NewRecipient | None:
    return recipients[number - 1] if 1 <= number <= len(recipients) else None


def check_draft_conditions(recipients: Sequence[NewRecipient], fields: Sequence[NewField]) -> None:
    """Raises Invalid where a condition cannot be understood. Names of fields that are not
    there yet pass: they may be placed by hand before sending."""
    for number, each in enumerate(recipients, start=1):
        if each.condition.strip():
            schema = schema_of(
                (field.kind, field.label)
                for field in fields
                if 1 <= field.recipient <= len(recipients)
                and recipients[field.recipient - 1].order < each.order
            )
            key = f"recipients.{number}"
            check_written(each.condition.strip(), schema, key=key, strict=False)


def check_fields(
    fields: Sequence[NewField],
    *,
    recipients: Sequence[NewRecipient],
    page_counts: Sequence[int],
    are_all: bool = True,
) -> None:
    """Raises Invalid where a field has no page, no recipient, or lies off its page. ``are_all``
    says that rules ask for fields among these only."""
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
        elif not recipients[each.recipient - 1].signs:
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
        if sentence := wrong_field(each):
            wrong.add(key, f"Field {number}: {sentence}")
    if are_all and not wrong.fields:
        for at, sentence in wrong_rules(fields).items():
            wrong.add(f"fields.{at + 1}", f"Field {at + 1}: {sentence}")
    wrong.raise_if_any()


def wrong_field(each: NewField, *, has_file: bool = False) -> str:
    """What is wrong with what a field asks and starts with; nothing where it can be filled.
    ``has_file`` says that the sender put a picture into a stamp."""
    if sentence := wrong_definition(each):
        return sentence
    if len(each.help) > 200 or "\x00" in each.help:
        return "The help may have at most 200 characters."
    if each.tab is not None and not 0 <= each.tab <= 9_999:
        return "The place in the order is a number from 0 to 9999."
    if each.value.strip() and each.kind not in STARTING:
        return "A field of this kind cannot start with a value."
    given = each.value.strip() or has_file or each.kind in ("name", "email", "formula")
    if each.read_only and not given:
        return "A read-only field needs a value to start with."
    try:
        clean_value(each, each.value)
    except Invalid as error:
        return f"It cannot start with this: {error.message}"
    return ""
