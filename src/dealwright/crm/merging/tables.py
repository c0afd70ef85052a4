"""Which rows of the whole house point at a record, found from the models themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import connection, models

from dealwright.base.records.models import Record

# Logs of what happened keep saying which record it happened to; the search follows by itself.
_NOT_MOVED = {
    "base_auditevent",
    "base_outboxevent",
    "base_eventdelivery",
    "base_searchentry",
    "crm_mergeevent",
}


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that holds ids of records. ``object_column`` names the column that says of
    which object, where the column holds ids of several; ``key`` is the primary key's column."""

    table: str
    column: str
    key: str
    object_column: str = ""
    is_record: bool = False

    @property
    def stamp(self) -> str:
        """What else an UPDATE sets, so that readers of a record notice."""
        return ", version = version + 1, updated_at = now()" if self.is_record else ""


def references_to(model: type[models.Model]) -> list[Reference]:
    """Every foreign key to ``model`` in the house, and every pair of ``object`` and
    ``record_id``; logs are left out, since they are history."""
    untouchable = _append_only_tables() | _NOT_MOVED
    found = [*_foreign_keys(model), *_loose_references()]
    return [each for each in found if each.table not in untouchable]


def _foreign_keys(model: type[models.Model]) -> Iterator[Reference]:
    for relation in model._meta.related_objects:
        if relation.many_to_many:
            continue  # its through table has a foreign key of its own
        field = relation.field
        owner = relation.related_model
        assert owner is not None and not isinstance(owner, str)
        column = field.column
        if column is None or owner._meta.proxy:
            continue
        key = owner._meta.pk
        assert key is not None and key.column is not None
        yield Reference(owner._meta.db_table, column, key.column, is_record=_is_record(owner))


def _loose_references() -> Iterator[Reference]:
    for model in apps.get_models():
        if model._meta.proxy or not model._meta.managed:
            continue
        names = {field.name: field for field in model._meta.concrete_fields}
        kind, record = names.get("object"), names.get("record_id")
        if isinstance(kind, models.CharField) and isinstance(record, models.UUIDField):
            key = model._meta.pk
            assert key is not None and key.column and record.column and kind.column
            yield Reference(
                model._meta.db_table, record.column, key.column, kind.column, _is_record(model)
            )


def _is_record(model: type[models.Model]) -> bool:
    return issubclass(model, Record)


def _append_only_tables() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select tgrelid::regclass::text from pg_trigger where tgname = 'dealwright_append_only'"
        )
        return {table.strip('"') for (table,) in cursor.fetchall()}
