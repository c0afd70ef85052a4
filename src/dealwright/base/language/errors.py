"""What is wrong with an expression, and where."""

from __future__ import annotations

from dealwright.base.errors import Invalid


class LanguageError(Invalid):
    """An expression that cannot be read, typed or computed.

    ``position`` is the place in the text, counted in characters from 0; None where the fault
    lies in no one place.
    """

    default_code = "invalid_expression"

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message, fields={"expression": [message]})
        self.position = position
