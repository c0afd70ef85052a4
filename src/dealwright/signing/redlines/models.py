"""What the sender struck out and inserted in a document before sending it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.signing.documents.geometry import Box
from dealwright.signing.envelopes.models import EnvelopeDocument


class RedlineKind(models.TextChoices):
    """What a redline does with the words it lies on."""

    STRIKE = "strike", "Strike out"
    INSERTION = "insertion", "Insert"
    REPLACEMENT = "replacement", "Replace"


class Redline(models.Model):
    """Words of a page struck out, text inserted, or both.

    ``page`` counts from 0. ``boxes`` are [x, y, w, h] in fractions of the visible page: of a
    strike one for each line, of an insertion the word beside which it belongs (``side``, in the
    order of reading). ``struck`` is what the struck words say, ``beside`` that word. ``place`` is
    where the inserted text stands, and ``size`` how high its letters are, in points; ``away``
    where a number leads to it. On a page without words a redline ``is_picture``: its box is struck
    as a whole, or written into. ``fixed_at`` is when it became part of the document.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    document = models.ForeignKey(
        EnvelopeDocument, on_delete=models.CASCADE, related_name="redlines"
    )
    kind = models.CharField(max_length=12, choices=RedlineKind)
    page = models.PositiveSmallIntegerField()
    boxes = models.JSONField()
    struck = models.TextField(blank=True)
    beside = models.CharField(max_length=200, blank=True)
    side = models.CharField(
        max_length=6, choices=[("after", "After"), ("before", "Before")], default="after"
    )
    inserted = models.CharField(max_length=500, blank=True)
    place = models.JSONField(null=True, blank=True)
    size = models.FloatField(default=0)
    away = models.BooleanField(default=False)
    note = models.CharField(max_length=200, blank=True)
    is_picture = models.BooleanField(default=False)
    author = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    author_name = models.CharField(max_length=160)
    created_at = models.DateTimeField(auto_now_add=True)
    fixed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["document__position", "page", "created_at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind="strike", inserted="", place__isnull=True)
                | Q(kind__in=["insertion", "replacement"], place__isnull=False),
                name="redline_inserts_what_it_says",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} on page {self.page + 1}"

    @property
    def strikes(self) -> bool:
        return self.kind != RedlineKind.INSERTION

    @property
    def inserts(self) -> bool:
        return self.kind != RedlineKind.STRIKE

    @property
    def lines(self) -> list[Box]:
        """Its boxes in the order of reading."""
        return [Box(*each) for each in self.boxes]

    @property
    def written_in(self) -> Box | None:
        """Where the inserted text stands."""
        return Box(*self.place) if self.place else None

    @property
    def where(self) -> tuple[Any, ...]:
        """The order in which redlines of an envelope are read and numbered."""
        first = self.lines[0]
        return self.page, round(first.y, 3), first.x, self.created_at
