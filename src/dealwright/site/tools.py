"""All tools together: those over every kind of record, then what each room offers of its own."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.conf import settings

GROUND_FLOOR = ["dealwright.base.mcp.records", "dealwright.base.mcp.ground_floor"]

for module in [*GROUND_FLOOR, *(f"{system}.tools" for system in settings.SYSTEMS)]:
    if find_spec(module):
        import_module(module)
