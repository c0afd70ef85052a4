"""Runs the migrations, without the detour that makes Django's state slow.

For every model, field, index or constraint that is added Django makes the classes of all related
models anew: here nearly all, since each record has an owner. Of the 700 such steps from nothing to
the newest tables each costs up to a quarter of a second, nine tenths of the time of a first start.
What is added can be told to the classes that are there. What the models know in the end is the
same, and so are the tables; a test compares them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management import call_command
from django.db.migrations.state import ModelState, ProjectState
from django.db.models import NOT_PROVIDED, Field


def migrate_tables() -> None:
    """Applies every migration that is missing; quiet."""
    with _added_in_place():
        call_command("migrate", interactive=False, verbosity=0)


@contextmanager
def _added_in_place() -> Iterator[None]:
    """Lets what is added change the one class it belongs to, or be one class more."""
    ours: dict[str, Callable[..., None]] = {
        "add_model": _add_model,
        "add_field": _add_field,
        "_append_option": _append_option,
    }
    originals = {name: getattr(ProjectState, name) for name in ours}
    for name, function in ours.items():
        setattr(ProjectState, name, function)
    try:
        yield
    finally:
        for name, function in originals.items():
            setattr(ProjectState, name, function)


def _add_model(self: Any, model_state: ModelState) -> None:
    key = model_state.app_label, model_state.name_lower
    self.models[key] = model_state
    if self._relations is not None:
        self.resolve_model_relations(key)
    if "apps" in self.__dict__:
        self.apps.render_multiple([model_state])


def _add_field(
    self: Any,
    app_label: str,
    model_name: str,
    name: str,
    field: Field[Any, Any],
    preserve_default: bool,
) -> None:
    if not preserve_default:  # what rows that are there get is not what new ones get
        field = field.clone()
        field.default = NOT_PROVIDED
    key = app_label, model_name
    self.models[key].fields[name] = field
    if self._relations is not None:
        self.resolve_model_field_relations(key, name, field)
    if "apps" in self.__dict__:
        with self.apps.bulk_update():
            self.apps.get_model(app_label, model_name).add_to_class(name, field.clone())


def _append_option(
    self: Any, app_label: str, model_name: str, option_name: str, added: Any
) -> None:
    options = self.models[app_label, model_name].options
    options[option_name] = [*options[option_name], added]
    if "apps" in self.__dict__:
        meta = self.apps.get_model(app_label, model_name)._meta
        setattr(meta, option_name, [*getattr(meta, option_name), added])
