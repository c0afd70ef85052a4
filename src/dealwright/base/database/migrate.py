"""Runs the migrations, without the detour that makes Django's state slow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management import call_command
from django.db.migrations.state import ProjectState


def migrate_tables() -> None:
    """Applies every migration that is missing; quiet."""
    with _options_added_in_place():
        call_command("migrate", interactive=False, verbosity=0)


@contextmanager
def _options_added_in_place() -> Iterator[None]:
    """Lets an added index or constraint change the one model it belongs to.

    Django makes that model anew, and with it every model that is related to it: here nearly
    all, since each has an owner. Of 300 such steps each costs a quarter of a second, half of
    the time of a first start. What the models know in the end is the same, and so are the
    tables; a test compares them.
    """
    original = ProjectState._append_option  # type: ignore[attr-defined]

    def append_option(
        self: ProjectState, app_label: str, model_name: str, option_name: str, added: Any
    ) -> None:
        options = self.models[app_label, model_name].options
        options[option_name] = [*options[option_name], added]
        if "apps" in self.__dict__:
            meta = self.apps.get_model(app_label, model_name)._meta
            setattr(meta, option_name, [*getattr(meta, option_name), added])

    ProjectState._append_option = append_option  # type: ignore[attr-defined]
    try:
        yield
    finally:
        ProjectState._append_option = original  # type: ignore[attr-defined]
