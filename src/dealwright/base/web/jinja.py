"""The Jinja environment of every page: where templates lie and what they can call."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound
from markupsafe import Markup

from dealwright.base.web import charts, formats

SOURCE = Path(__file__).resolve().parents[2]
BUILT = Path(__file__).resolve().parent / "static" / "built"

# Names that django-allauth asks for; the people room draws them.
SIGN_IN_NAMES = {"account", "mfa", "usersessions", "socialaccount", "idp", "allauth"}


class Missing(StrictUndefined):
    """A name a template uses but was not given: may be tested, may not be shown or walked."""

    def __bool__(self) -> bool:  # type: ignore[override]
        return False


class RoomLoader(BaseLoader):
    """Finds ``crm/leads/list.html`` at ``crm/leads/templates/list.html``.

    Two-part names (``site/error.html``) lie in the room's own ``templates``; deeper ones
    (``base/web/records/list.html``) below the concept's ``templates``.
    """

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        path = template_path(template)
        if path is None or not path.is_file():
            raise TemplateNotFound(template)
        changed_at = path.stat().st_mtime

        def is_current() -> bool:
            try:
                return path.stat().st_mtime == changed_at
            except OSError:
                return False

        return path.read_text(encoding="utf-8"), str(path), is_current


def template_path(name: str) -> Path | None:
    """The file of a template name, or None where a name cannot be one of ours."""
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts) or len(parts) < 2:
        return None
    if parts[0] in SIGN_IN_NAMES:
        return SOURCE / "base" / "people" / "templates" / name
    if len(parts) == 2:
        return SOURCE / parts[0] / "templates" / parts[1]
    return SOURCE.joinpath(parts[0], parts[1], "templates", *parts[2:])


class _Built:
    """Which hashed file each built asset is.

    Read once: what serves the files knows those that were there when the process started,
    and a new build leaves them in place for a day.
    """

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.addresses: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        """The address of a built file by its plain name, such as ``app.js``."""
        if not self.names or settings.DEBUG:
            with contextlib.suppress(OSError, ValueError):
                self.names = json.loads((BUILT / "manifest.json").read_text())
            self.addresses.clear()
        if name not in self.addresses:
            self.addresses[name] = static(f"built/{self.names.get(name, name)}")
        return self.addresses[name]


built = _Built()


def url(name: str, *args: Any, **kwargs: Any) -> str:
    """The address of a named page: ``url("record", "leads", id)``."""
    return reverse(name, args=args or None, kwargs=kwargs or None)


def icon(name: str, size: int = 16, label: str = "") -> Markup:
    """One icon of the sprite; silent for screen readers unless it has a ``label``."""
    return _drawn(name, size, label, built("icons.svg"))


@lru_cache(maxsize=4096, typed=True)  # a page has dozens, and pages have the same
def _drawn(name: str, size: int, label: str, sprite: str) -> Markup:
    role = Markup('aria-hidden="true"')
    if label:
        role = Markup('role="img" aria-label="{}"').format(label)
    return Markup(
        '<svg class="icon" width="{0}" height="{0}" {1}><use href="{2}#{3}"></use></svg>'
    ).format(size, role, sprite, name)


def attributes(values: dict[str, Any] | None = None, **more: Any) -> Markup:
    """HTML attributes from a mapping: None and False leave one out, True gives it bare.

    An underscore in a keyword stands for a hyphen: ``attributes(aria_label="Close")``.
    """
    merged = {**(values or {}), **{key.replace("_", "-"): value for key, value in more.items()}}
    parts = []
    for key, value in merged.items():
        if value is None or value is False:
            continue
        parts.append(
            Markup(" {}").format(key) if value is True else Markup(' {}="{}"').format(key, value)
        )
    return Markup("").join(parts)


def environment(**options: Any) -> Environment:
    """The environment; named in the settings."""
    options.pop("loader", None)
    options.setdefault("auto_reload", settings.DEBUG)
    options |= {
        "loader": RoomLoader(),
        "undefined": Missing,
        "extensions": ["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
        "cache_size": 800,
        "autoescape": True,
    }
    made = Environment(**options)  # noqa: S701
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_callables(  # type: ignore[attr-defined]
        translation.gettext,
        translation.ngettext,
        newstyle=True,
        pgettext=translation.pgettext,
        npgettext=translation.npgettext,
    )
    made.globals.update(
        url=url,
        static=static,
        built=built,
        icon=icon,
        attributes=attributes,
        format_money=formats.format_money,
        chart=charts,
        now=formats.now,
        today=formats.today,
    )
    made.filters.update(formats.FILTERS)
    made.filters["tojson_attr"] = lambda value: json.dumps(value, default=str, ensure_ascii=False)
    return made
