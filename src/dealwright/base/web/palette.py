"""What the palette offers beside records: pages, things to create, views."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from dealwright.base.objects.registry import object_types
from dealwright.base.people.models import User
from dealwright.base.records.views import all_views_of
from dealwright.base.web.navigation import (
    ShownLink,
    creations_for,
    navigation_for,
    settings_navigation_for,
)
from dealwright.base.web.pages import actor_of, page
from dealwright.base.web.records.addresses import may_create, openable_types
from dealwright.base.web.records.view_pages import view_address


@page(methods=["GET"])
def palette(request: HttpRequest) -> HttpResponse:
    """Pages, creatable objects and views that the person may open."""
    user = actor_of(request).require_user()
    pages = [
        {
            "label": _(link.label),
            "url": link.url,
            "icon": link.icon,
            "group": group,
            "keys": link.shortcut,
        }
        for group, links in _places(user)
        for link in links
    ]
    linked = {place["url"] for place in pages}
    pages += [
        {
            "label": _(of.label_plural),
            "url": f"/{of.slug}",
            "icon": of.icon,
            "group": "",
            "keys": "",
        }
        for of in openable_types(user)
        if f"/{of.slug}" not in linked
    ]
    types = {of.key: of for of in object_types()}
    # What stands in the navigation is made more often than what settings hold.
    order = {place["url"]: number for number, place in enumerate(pages)}
    makeable = sorted(
        (of for of in openable_types(user) if may_create(user, of)),
        key=lambda of: order.get(f"/{of.slug}", len(order)),
    )
    return JsonResponse(
        {
            "pages": pages,
            "create": [
                {"label": _(of.label), "url": f"/{of.slug}/new", "icon": of.icon} for of in makeable
            ]
            + [
                {"label": _(link.label), "url": link.url, "icon": link.icon, "page": True}
                for link in creations_for(user)
            ],
            "views": [
                {
                    "label": view.name,
                    "url": view_address(types[view.object], view),
                    "object": _(types[view.object].label_plural),
                }
                for view in all_views_of(user)
                if view.object in types
            ],
        }
    )


def _places(user: User) -> Iterator[tuple[str, Sequence[ShownLink]]]:
    for group in navigation_for(user):
        yield _(group.label) if group.label else "", group.links
    for group in settings_navigation_for(user):
        yield _("Settings"), group.links
