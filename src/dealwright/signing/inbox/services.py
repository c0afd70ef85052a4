"""Opening one's own part from the account, without looking for the mail."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import as_uuid
from dealwright.base.errors import NotFound
from dealwright.signing.embedding.models import EmbeddedSigning
from dealwright.signing.embedding.services import PREFIX, check_turn, start_visit
from dealwright.signing.envelopes.models import Envelope, Recipient
from dealwright.signing.envelopes.routing import hash_token
from dealwright.signing.inbox.queries import parts_of

CLIENT = "own account"


def open_part(actor: Actor, recipient_id: Any, *, details: Mapping[str, str]) -> str:
    """Begin a visit to the signed-in user's own part; answers the path of its first page.

    The link in the mail stays as it is, and the steps that the sender asks for to show who one is
    are asked here as well: the account only takes the place of the mail. After acting the visit
    leads back to the list. ``details`` are the address and browser, for the evidence. Raises
    NotFound for a part that is not the user's, Conflict where it is not their turn.
    """
    user = actor.require_user()
    found = parts_of(user).filter(pk=as_uuid(recipient_id)).first()
    if found is None:
        raise NotFound("Nothing of yours waits here.")
    with change(actor):
        envelope = Envelope.objects.select_for_update(of=("self",)).get(pk=found.envelope_id)
        recipient = Recipient.objects.select_related("envelope").get(pk=found.pk)
        if recipient.signed_at is None:
            check_turn(envelope, recipient)
        visit = EmbeddedSigning.objects.create(
            recipient=recipient,
            client=CLIENT,
            user=user,
            # Who looks at what they have signed stays there.
            return_url="" if recipient.signed_at else f"{settings.PUBLIC_URL}/to-sign",
            url_hash=hash_token(secrets.token_urlsafe(32)),  # told to nobody
            url_expires_at=timezone.now(),
        )
        session = start_visit(
            visit,
            details=details,
            request_id=actor.request_id,
            kind="recipient.account_opened",
            more={"user": str(user.pk)},
        )
    return f"/sign/{PREFIX}{session}"
