"""The shape of a JSON body: what it does not name is refused, by name."""

from __future__ import annotations

from typing import Any, Self

from django.utils.translation import gettext
from ninja import Schema
from pydantic import ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from dealwright.base.spelling import MOST_SUGGESTED, did_you_mean


class Given(Schema):
    """What a caller gives, as JSON. Unknown members are refused, with the name that is near.

    An older or misspelt name would else be dropped in silence, and what was meant not done.
    """

    model_config = ConfigDict(extra="forbid")

    # In place of Ninja's own validator, which looks up named fields only and drops the rest.
    @model_validator(mode="wrap")
    @classmethod
    def _run_root_validator(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(values)
        except ValidationError as error:
            raise ValidationError.from_exception_data(
                error.title,
                [
                    _detail(cls, each, suggest=number < MOST_SUGGESTED)
                    for number, each in enumerate(error.errors(include_url=False))
                ],
            ) from None


def _detail(shape: type[Given], error: Any, *, suggest: bool) -> InitErrorDetails:
    """The error as it was; a member that this shape does not have gets our sentence."""
    kind, sentence = error["type"], error["msg"]
    if kind == "extra_forbidden" and len(error["loc"]) == 1:
        known = [field.alias or name for name, field in shape.model_fields.items()]
        near = did_you_mean(str(error["loc"][0]), known) if suggest else ""
        kind, sentence = "unknown_field", gettext("There is no such field.") + near
    return InitErrorDetails(
        type=PydanticCustomError(kind, "{sentence}", {"sentence": sentence}),
        loc=error["loc"],
        input=error["input"],
    )
