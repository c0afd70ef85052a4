"""The search on the API."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema

from dealwright.base.api.authentication import current_actor
from dealwright.base.errors import NotAllowed
from dealwright.base.objects.registry import object_type, object_types
from dealwright.base.people.scopes import has_scope, scope_of_object
from dealwright.base.search.queries import MAX_HITS, Hit, search

router = Router(tags=["Search"])


class HitOut(Schema):
    """One record found; the higher the score, the better it fits."""

    object: str
    id: UUID
    title: str
    subtitle: str
    score: float


@router.get("/search", response=list[HitOut], operation_id="search", summary="Find records")
def find(
    request: HttpRequest,
    q: Annotated[str, Query(max_length=200, description="What is remembered of them.")],
    objects: Annotated[
        str, Query(description="Keys of the objects wanted, with commas; all when empty.")
    ] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_HITS)] = 20,
) -> list[Hit]:
    """Records of any object whose name, words, e-mail address or phone number fit, best first.

    A token finds records of the systems that its scopes name; it needs one of them.
    """
    actor = current_actor(request)
    wanted = [key for key in objects.split(",") if key]
    keys = [object_type(key).key for key in wanted] or [of.key for of in object_types()]
    allowed = [key for key in keys if has_scope(actor, scope_of_object(key))]
    if not allowed:
        raise NotAllowed("This token lacks the scope to read these.", code="scope_missing")
    return search(actor, q, objects=allowed, limit=limit)
