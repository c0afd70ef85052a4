"""The whole API put together: generic endpoints per object, then each room's own verbs."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.conf import settings

from dealwright.base.api.application import api as api
from dealwright.base.objects.registry import object_types

# Rooms of the ground floor that answer on the API.
GROUND_FLOOR = [
    "dealwright.base.events.api",
    "dealwright.base.search.api",
    "dealwright.base.people.api",
    "dealwright.base.transfer.api",
    "dealwright.base.files.api",
    "dealwright.base.jobs.api",
]


def mount() -> None:
    """Mount every router once. A system's verbs come before its generic paths."""
    for module in [*GROUND_FLOOR, *(f"{system}.api" for system in settings.SYSTEMS)]:
        if find_spec(module) is not None:
            api.add_router("", import_module(module).router)
    if find_spec("dealwright.base.records.queries") is None:
        return
    from dealwright.base.api.resources import router_for

    for of in object_types():
        api.add_router(f"/{of.slug}", router_for(of))


mount()
