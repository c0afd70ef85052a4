"""Where one can go: groups of links that rooms add and that a person may be refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dealwright.base.people.models import User


def _everyone(user: User) -> bool:
    return True


def administrators(user: User) -> bool:
    """For ``Link.allowed``: administrators alone."""
    return user.is_administrator


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One place to go. ``object`` ties it to an object's access; ``shortcut`` is the letter
    after ``g``; ``also`` are further address beginnings that count as being there."""

    key: str
    label: str
    url: str
    icon: str = "circle"
    object: str = ""
    allowed: Callable[[User], bool] = _everyone
    shortcut: str = ""
    also: Sequence[str] = ()
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Links under one heading; an empty label stands at the top without one."""

    key: str
    label: str
    links: list[Link] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ShownLink:
    """A link as the shell shows it."""

    key: str
    label: str
    url: str
    icon: str
    shortcut: str
    current: bool
    help: str = ""


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """A group with what the person may open."""

    key: str
    label: str
    links: Sequence[ShownLink]


_groups: list[Group] = []
_settings: list[Group] = []
_creations: dict[str, Link] = {}


def set_navigation(groups: Sequence[Group], settings: Sequence[Group]) -> None:
    """Called once by the site, which knows every room."""
    _groups[:] = groups
    _settings[:] = settings


def add_creation(link: Link) -> None:
    """Something one begins at a page of its own; listed among what can be created."""
    _creations[link.key] = link


def creations_for(user: User) -> Sequence[Link]:
    """What the person may begin beside the records of ``/<slug>/new``."""
    return [link for link in _creations.values() if _may_open(user, link)]


def navigation_for(user: User, path: str = "") -> Sequence[ShownGroup]:
    """The left navigation of a person."""
    return _shown(_groups, user, path)


def settings_navigation_for(user: User, path: str = "") -> Sequence[ShownGroup]:
    """The navigation of the settings pages of a person."""
    return _shown(_settings, user, path)


def _shown(groups: Sequence[Group], user: User, path: str) -> Sequence[ShownGroup]:
    allowed = [(group, [link for link in group.links if _may_open(user, link)]) for group in groups]
    current = _best_match([link for _, links in allowed for link in links], path)
    return [
        ShownGroup(
            group.key,
            group.label,
            [
                ShownLink(
                    link.key,
                    link.label,
                    link.url,
                    link.icon,
                    link.shortcut,
                    link is current,
                    link.help,
                )
                for link in links
            ],
        )
        for group, links in allowed
        if links
    ]


def _may_open(user: User, link: Link) -> bool:
    if link.object:
        from dealwright.base.access.visibility import access_level
        from dealwright.base.objects.registry import object_types

        of = next((each for each in object_types() if each.key == link.object), None)
        if of is None or access_level(user, of) == "none":
            return False
    return link.allowed(user)


def _best_match(links: Sequence[Link], path: str) -> Link | None:
    """The link whose address is the longest beginning of the path."""
    best: tuple[int, Link | None] = (0, None)
    for link in links:
        for start in (link.url, *link.also):
            exact = path == start
            below = start != "/" and path.startswith(start.rstrip("/") + "/")
            if (exact or below) and len(start) > best[0]:
                best = (len(start), link)
    return best[1]
