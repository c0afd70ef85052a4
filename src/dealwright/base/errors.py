"""The five ways in which the product says no; pages and API map each once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.conf import settings
from django.utils.translation import gettext


class DealwrightError(Exception):
    """A refusal that a person can read.

    ``code`` is stable and machine-readable; ``message`` says what happened, why, and
    what to do next; ``fields`` maps a field's key to the sentences about it. A sentence that
    the catalogue of translations knows is told in the language of whoever is refused; the
    text of the exception itself, which logs keep, stays as it was written.
    """

    status = 500
    default_code = "error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        fields: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = in_their_language(message)
        self.code = code or self.default_code
        self.fields: dict[str, list[str]] = {
            key: [in_their_language(each) for each in said] for key, said in (fields or {}).items()
        }


def in_their_language(sentence: str) -> str:
    """The sentence in the active language where it is translated, else as it is."""
    return gettext(sentence) if sentence and settings.configured else sentence


class Invalid(DealwrightError):
    """What was given breaks a rule; ``fields`` names each place."""

    status = 422
    default_code = "invalid"


class NotAllowed(DealwrightError):
    """The actor may see the thing but not do this with it."""

    status = 403
    default_code = "not_allowed"


class NotFound(DealwrightError):
    """The thing is not there, or the actor may not know that it is."""

    status = 404
    default_code = "not_found"


class Gone(NotFound):
    """The thing was there, and was destroyed on purpose."""

    status = 410
    default_code = "gone"


class Conflict(DealwrightError):
    """The thing changed meanwhile, or its state does not allow the act."""

    status = 409
    default_code = "conflict"


class Unavailable(DealwrightError):
    """A part that is needed does not answer now; trying later may work."""

    status = 503
    default_code = "unavailable"
