"""Saved views as the pages name them; see ``dealwright.base.records.views``."""

from dealwright.base.records.views import (
    all_views_of,
    create_view,
    delete_view,
    find_view,
    may_change,
    teams_of,
    update_view,
)
from dealwright.base.records.views import views_for as views_of

__all__ = [
    "all_views_of",
    "create_view",
    "delete_view",
    "find_view",
    "may_change",
    "teams_of",
    "update_view",
    "views_of",
]
