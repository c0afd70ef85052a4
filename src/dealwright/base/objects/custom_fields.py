"""Custom fields as the registry sees them: read once per request or job, then kept."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, partial
from typing import Any

from django.core.signals import request_finished, request_started

from dealwright.base.database.statements import Statement, compile_rows
from dealwright.base.objects.fields import Field, Kind


class _Fields(dict[str, list[Field]]):
    """The fields by object; ``version`` differs where anything about them does."""

    version: Hashable = ()


# None: nobody keeps. Empty: to be read on first use. A changed field ends the keeping for the
# rest of the request, since its transaction may yet be rolled back.
_kept: ContextVar[_Fields | None] = ContextVar("custom_fields", default=None)
_UNREAD = _Fields()


def custom_fields_of(object_key: str) -> Sequence[Field]:
    """The live custom fields of an object, in their order.

    All objects' fields are read in one statement and kept for the request, or for the block of
    ``keep_custom_fields``; elsewhere they are read each time.
    """
    kept = _all_kept()
    if kept is None:
        kept = _read()
    return kept.get(object_key, [])


def custom_fields_version() -> Hashable:
    """Equal as long as no custom field of any object is made, changed or put away."""
    kept = _all_kept()
    return (kept if kept is not None else _read()).version


def _all_kept() -> _Fields | None:
    kept = _kept.get()
    if kept is _UNREAD:
        kept = _read()
        _kept.set(kept)
    return kept


@contextmanager
def keep_custom_fields() -> Iterator[None]:
    """Read custom fields once within the block: for jobs, imports and whoever asks often."""
    if _kept.get() is not None:
        yield
        return
    token = _kept.set(_UNREAD)
    try:
        yield
    finally:
        _kept.reset(token)


def forget_custom_fields() -> None:
    """Read anew from now on: called by whoever changes a custom field."""
    _kept.set(None)


def _read() -> _Fields:
    """The live fields of all objects; made anew only where one is not as it was before."""
    global _last
    rows = [(*row[:5], tuple(row[5]), *row[6:]) for row in _reading().rows()]
    version = tuple(rows)
    if version != _last.version:
        fields = _Fields()
        for row in rows:
            fields.setdefault(row[1], []).append(_field(*row[1:]))
        fields.version = version
        _last = fields
    return _last


_last = _Fields()


@cache
def _reading() -> Statement:
    from dealwright.base.objects.models import CustomField

    fields = ("pk", "object", "key", "label", "kind", "options", "required", "formula", "help_text")
    return compile_rows(CustomField.objects.filter(archived_at__isnull=True), fields)


def _field(
    object_key: str,
    key: str,
    label: str,
    kind: str,
    options: Sequence[str],
    required: bool,
    formula: str,
    help_text: str,
) -> Field:
    is_formula = kind == Kind.FORMULA
    return Field(
        key=key,
        label=label,
        kind=Kind(kind),
        choices=[(option, option) for option in options],
        required=required,
        editable=not is_formula,
        on_create=not is_formula,
        importable=not is_formula,
        sortable=kind != Kind.CHOICES,
        help=help_text,
        visible=partial(_may_see_formula, object_key, formula) if is_formula else None,
        formula=formula,
        custom=True,
    )


def _may_see_formula(object_key: str, formula: str, user: Any) -> bool:
    """A formula tells of every field it reads, so it is shown to whom they all are."""
    from dealwright.base.language import LanguageError, names_in, parse
    from dealwright.base.objects.registry import object_type

    try:
        names = set(names_in(parse(formula)))
    except LanguageError:
        return True
    fields = [field for field in object_type(object_key).fields if field.key in names]
    return all(field.visible is None or user is None or field.visible(user) for field in fields)


def _begin(**_: Any) -> None:
    _kept.set(_UNREAD)


def _end(**_: Any) -> None:
    _kept.set(None)


request_started.connect(_begin, dispatch_uid="custom fields begin")
request_finished.connect(_end, dispatch_uid="custom fields end")
