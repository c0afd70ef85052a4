"""What every business record shares, and the facts kept beside it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User


class LivingManager(models.Manager[Any]):
    """Records that are not in the bin."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(deleted_at__isnull=True)


class Record(models.Model):
    """The base of every business record.

    ``access_keys`` holds the ids of teams and of users and roles with whom the record is
    shared by hand; with ``owner`` it is what ``visible_to`` reads. ``version`` grows by one
    with each change (optimistic lock, the API's ETag). ``deleted_at`` puts it in the bin
    for 30 days. ``custom`` holds the values of custom fields by key.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    access_keys = ArrayField(models.UUIDField(), default=list, blank=True)
    custom = models.JSONField(default=dict, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        User, null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_by = models.ForeignKey(
        User, null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[models.Manager[Any]] = LivingManager()
    everything: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        abstract = True
        base_manager_name = "everything"
        default_manager_name = "everything"


def record_indexes(prefix: str) -> list[models.Index]:
    """The indexes that every record table needs for ``visible_to`` and the default list order.

    Args:
        prefix: the table's short name; index names must be unique in the database.
    """
    alive = models.Q(deleted_at__isnull=True)
    return [
        models.Index(fields=["-created_at", "-id"], name=f"{prefix}_newest", condition=alive),
        models.Index(
            fields=["owner", "-created_at", "-id"], name=f"{prefix}_by_owner", condition=alive
        ),
        GinIndex(fields=["access_keys"], name=f"{prefix}_access"),
    ]


class ExternalId(models.Model):
    """The key of a record in another system: what an import or the API upserts by."""

    id = models.BigAutoField(primary_key=True)
    object = models.CharField(max_length=40)
    record_id = models.UUIDField()
    system = models.CharField(max_length=60)
    key = models.CharField(max_length=200)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["object", "system", "key"], name="external_id_once")
        ]
        indexes: ClassVar = [models.Index(fields=["record_id"], name="external_id_record")]


class AuditEvent(models.Model):
    """One change of one row, written by a database trigger: nobody can forget it.

    ``before`` and ``after`` hold only the columns that differ (all of them for an insert or
    a delete). The table refuses UPDATE and DELETE.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=models.functions.Now())
    table = models.CharField(max_length=63)
    record_id = models.UUIDField(null=True)
    action = models.CharField(max_length=6)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=200, blank=True)
    via = models.CharField(max_length=12, blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["record_id", "-id"], name="audit_event_record"),
            models.Index(fields=["-id"], name="audit_event_newest"),
        ]


class SavedView(models.Model):
    """A list as someone likes it: filter, columns, order, layout."""

    class Scope(models.TextChoices):
        PRIVATE = "private", "Only me"
        TEAM = "team", "My team"
        EVERYONE = "everyone", "Everyone"

    class Layout(models.TextChoices):
        TABLE = "table", "Table"
        BOARD = "board", "Board"
        CALENDAR = "calendar", "Calendar"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    object = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_views")
    team = models.ForeignKey("base.Team", null=True, blank=True, on_delete=models.CASCADE)
    scope = models.CharField(max_length=8, choices=Scope, default=Scope.PRIVATE)
    layout = models.CharField(max_length=8, choices=Layout, default=Layout.TABLE)
    filter = models.JSONField(default=dict, blank=True)
    columns = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    sort = models.CharField(max_length=80, blank=True)
    position = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar = ["object", "position", "name"]


class LastView(models.Model):
    """The view that a user opened last on an object's list; ``view`` is NULL for the plain list."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    object = models.CharField(max_length=40)
    view = models.ForeignKey(SavedView, null=True, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "object"], name="last_view_once")
        ]

    def __str__(self) -> str:
        return f"{self.object}: {self.view_id}"


class ViewPin(models.Model):
    """That a user keeps a view at hand."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="pins")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "view"], name="view_pin_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.view_id}"
