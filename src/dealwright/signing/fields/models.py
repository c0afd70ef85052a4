"""Places in documents that recipients fill."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from dealwright.base.files.models import StoredFile
from dealwright.base.identifiers import uuid7
from dealwright.signing.envelopes.models import EnvelopeDocument, Recipient


class FieldKind(models.TextChoices):
    """What a field holds."""

    SIGNATURE = "signature", "Signature"
    INITIALS = "initials", "Initials"
    NAME = "name", "Name"
    EMAIL = "email", "E-mail"
    DATE_SIGNED = "date_signed", "Date signed"
    TEXT = "text", "Text"
    NUMBER = "number", "Number"
    DATE = "date", "Date"
    CHECKBOX = "checkbox", "Checkbox"
    RADIO = "radio", "Radio button"
    DROPDOWN = "dropdown", "Dropdown"
    MULTI_SELECT = "multi_select", "Several choices"
    ATTACHMENT = "attachment", "Attachment"
    STAMP = "stamp", "Stamp"
    FORMULA = "formula", "Formula"
    PAYMENT = "payment", "Payment"


INK = (FieldKind.SIGNATURE, FieldKind.INITIALS)
WITH_FILE = (FieldKind.ATTACHMENT, FieldKind.STAMP)
# Kinds that can start with a value: what is not the signer's own alone, nor filled in by itself.
STARTING = ("text", "number", "date", "checkbox", "radio", "dropdown", "multi_select")
# What nobody types: the product fills it in.
BY_ITSELF = (FieldKind.DATE_SIGNED, FieldKind.FORMULA)
# Kinds that compute a number by a formula.
COMPUTED = ("formula", "payment")

_GIVEN = (
    "kind", "x", "y", "w", "h", "label", "required", "read_only", "tab", "help", "value",
    "options", "option", "condition", "formula", "checks",
)  # fmt: skip


class EnvelopeField(models.Model):
    """A place in a document that a recipient fills.

    ``page`` counts from 0; ``x``, ``y``, ``w``, ``h`` are fractions of the visible page from
    its top left corner. ``value`` is what was typed: "on" for a ticked box, a day as
    YYYY-MM-DD, a number with a point, chosen options one a line; a signature's ink stands at
    the recipient, a ``file`` beside the value that names it and its SHA-256. ``filled_at`` says
    that it was put here; after signing, an empty value with it says that the field did not apply.

    A radio button is one ``option`` of a group: the radio buttons of a recipient with the same
    label, which all hold the option that was chosen. A payment asks for the amount in ``checks``
    or by its ``formula``; its value says what was paid (``fields.paid``). ``condition`` and
    ``formula`` are written
    in the house's language over the labels of fields; ``checks`` is what ``fields.checking``
    knows. ``tab`` is the place in the order of filling, None the one on the page.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    document = models.ForeignKey(EnvelopeDocument, on_delete=models.CASCADE, related_name="fields")
    recipient = models.ForeignKey(Recipient, on_delete=models.CASCADE, related_name="fields")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12, choices=FieldKind)
    label = models.CharField(max_length=80, blank=True)
    page = models.PositiveSmallIntegerField()
    x = models.FloatField()
    y = models.FloatField()
    w = models.FloatField()
    h = models.FloatField()
    required = models.BooleanField(default=True)
    read_only = models.BooleanField(default=False)
    tab = models.PositiveSmallIntegerField(null=True, blank=True)
    help = models.CharField(max_length=200, blank=True)
    options = models.JSONField(default=list, blank=True)
    option = models.CharField(max_length=80, blank=True)
    condition = models.CharField(max_length=500, blank=True)
    formula = models.CharField(max_length=500, blank=True)
    checks = models.JSONField(default=dict, blank=True)
    value = models.TextField(blank=True)
    file = models.ForeignKey(
        StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    filled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = [
            "document__position",
            models.F("tab").asc(nulls_last=True),
            "page",
            "y",
            "x",
            "position",
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(x__gte=0, y__gte=0, w__gt=0, h__gt=0)
                & Q(x__lte=1, y__lte=1, w__lte=1, h__lte=1),
                name="field_lies_on_its_page",
            ),
            models.CheckConstraint(
                condition=Q(file__isnull=True) | Q(kind__in=["attachment", "stamp"]),
                name="field_file_where_one_belongs",
            ),
            models.CheckConstraint(
                condition=Q(kind="radio") | Q(option=""), name="field_option_of_radio"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["formula", "payment"]) | Q(formula=""),
                name="field_formula_of_formula",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} on page {self.page + 1}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.round_box()
        super().save(*args, **kwargs)

    def round_box(self) -> None:
        """So that a box at the very edge is not a hair over it."""
        for axis in ("x", "y", "w", "h"):
            setattr(self, axis, round(getattr(self, axis), 6))

    @property
    def is_settled(self) -> bool:
        """Whether its recipient has acted: nothing changes it any more."""
        return self.recipient.signed_at is not None

    def as_json(self) -> dict[str, Any]:
        """The field as the editor takes it and gives it back; ``page`` counts from 1 there, and
        ``value`` is what it starts with, ``file`` the name of what the sender put there."""
        return {
            "id": str(self.pk),
            "document": str(self.document_id),
            "owner": str(self.recipient_id),
            "page": self.page + 1,
            **{key: getattr(self, key) for key in _GIVEN},
            "value": self.value if self.kind in STARTING else "",
            "file": self.file.name if self.file is not None else "",
        }

    @property
    def title(self) -> str:
        """What a person (and a screen reader) calls it."""
        name = self.label or str(FieldKind(self.kind).label)
        return f"{name}: {self.option}" if self.option else name


def keep_fields(fields: Iterable[EnvelopeField]) -> None:
    """Write new fields down, all in one statement."""
    made = list(fields)
    for each in made:
        each.round_box()
    EnvelopeField.objects.bulk_create(made)
