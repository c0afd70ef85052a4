"""What goes over the wire around a record: JSON, ETags, filters in addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from django.http import HttpResponse

from dealwright.base.errors import Conflict, Invalid
from dealwright.base.whole_numbers import whole_number


def parse_filter(text: str) -> Mapping[str, Any] | None:
    """The filter parameter's tree; raises Invalid for what is no JSON object."""
    if not text:
        return None
    try:
        tree = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Invalid(
            "The filter is not JSON.", fields={"filter": [f"Not JSON: {error}."]}
        ) from None
    if not isinstance(tree, dict):
        raise Invalid("The filter is not JSON.", fields={"filter": ["Must be a JSON object."]})
    return tree


def version_of(if_match: str | None) -> int | None:
    """The version that an ``If-Match`` header names; raises Conflict for one we never gave."""
    if not if_match or if_match.strip() == "*":
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    version = whole_number(text, most=2**31 - 1)
    if version is None:
        raise Conflict("If-Match holds no ETag of ours.", code="version_conflict")
    return version


def as_json(data: Any, *, status: int = 200) -> HttpResponse:
    """JSON without a model in between; Decimals, dates and ids as strings."""
    return HttpResponse(
        orjson.dumps(data, default=str), status=status, content_type="application/json"
    )


def with_etag(row: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    """A record with its version as ETag."""
    response = as_json(row, status=status)
    response["ETag"] = f'"{row["version"]}"'
    return response
