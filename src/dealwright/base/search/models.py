"""What the search reads: one row per living record of every object."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models


class SearchEntry(models.Model):
    """The words of one record, and by whom it is found.

    Written by the triggers of ``triggers.py`` in the statement that changed the record, whoever
    wrote it. ``folded`` is the title in lower case without accents, ``words`` the words of the
    record's own columns, ``related`` those of other records' names that count as its own,
    ``keys`` its e-mail addresses and the last digits of its phone numbers. ``owner_id`` and
    ``access_keys`` are the record's.
    """

    record_id = models.UUIDField(primary_key=True)
    object = models.CharField(max_length=40)
    folded = models.TextField()
    words = SearchVectorField()
    related = SearchVectorField()
    keys = ArrayField(models.TextField(), default=list)
    owner_id = models.UUIDField(null=True)
    access_keys = ArrayField(models.UUIDField(), default=list)

    class Meta:
        indexes: ClassVar = [
            GinIndex(fields=["words"], name="search_entry_words"),
            GinIndex(fields=["related"], name="search_entry_related"),
            GinIndex(fields=["keys"], name="search_entry_keys"),
            GinIndex(OpClass("folded", name="gin_trgm_ops"), name="search_entry_similar"),
            models.Index(OpClass("folded", name="text_pattern_ops"), name="search_entry_prefix"),
            models.Index(fields=["object"], name="search_entry_object"),
            models.Index(fields=["owner_id"], name="search_entry_own"),
            GinIndex(fields=["access_keys"], name="search_entry_shared"),
        ]

    def __str__(self) -> str:
        return f"{self.object}: {self.folded}"
