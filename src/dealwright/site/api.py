"""The whole API put together: generic endpoints per object, then each room's own verbs."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.conf import settings
from ninja import Router

from dealwright.base.api.application import api as api
from dealwright.base.api.resources import router_for
from dealwright.base.objects.registry import object_types

# Rooms of the ground floor that answer on the API.
GROUND_FLOOR = [
    "dealwright.base.events.api",
    "dealwright.base.search.api",
    "dealwright.base.people.api",
    "dealwright.base.transfer.api",
    "dealwright.base.files.api",
    "dealwright.base.evidence.api",
    "dealwright.base.jobs.api",
]


def mount() -> None:
    """Mount every router once. A system's verbs come before its generic paths."""
    modules = [*GROUND_FLOOR, *(f"{system}.api" for system in settings.SYSTEMS)]
    rooms: list[Router] = [import_module(name).router for name in modules if find_spec(name)]
    generic = {f"/{of.slug}": router_for(of) for of in object_types()}
    for room in rooms:
        for path in room.path_operations.keys() & generic.keys():
            # Of two views at one address the second would never be reached: they become one.
            listing = generic[path].path_operations.pop("")
            room.path_operations[path].operations += listing.operations
        api.add_router("", room)
    for path, router in generic.items():
        api.add_router(path, router)


mount()
