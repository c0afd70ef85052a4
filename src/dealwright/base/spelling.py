"""Words that were nearly right."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from django.utils.translation import gettext

MOST_SUGGESTED = 20  # for one request; whoever gets all names wrong is not helped by more
_LONGEST = 100  # characters; comparing longer ones would take long, and no name is


def nearest(word: str, names: Iterable[str]) -> str | None:
    """The name that was probably meant, or None."""
    close = difflib.get_close_matches(word, names, n=1) if len(word) <= _LONGEST else []
    return close[0] if close else None


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """A sentence with the nearest name, and a space before it; nothing where none is near."""
    name = nearest(word, names)
    return " " + gettext("Did you mean “%(name)s”?") % {"name": name} if name else ""
