"""What addresses are enrolled with, and forgetting it when a device is lost."""

from __future__ import annotations

from typing import Any

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import as_uuid
from dealwright.base.errors import NotFound
from dealwright.signing.envelopes.models import IdentityMethod
from dealwright.signing.identity.models import SignerPasskey, SignerTotp

MOST = 500


def enrolled() -> list[dict[str, Any]]:
    """The newest apps and passkeys, by address."""
    kinds = ((SignerTotp, IdentityMethod.TOTP), (SignerPasskey, IdentityMethod.WEBAUTHN))
    rows = [
        {"id": each.pk, "email": each.email, "kind": method.label, "created_at": each.created_at}
        for model, method in kinds
        for each in model.objects.order_by("-created_at")[:MOST]
    ]
    return sorted(rows, key=lambda each: (str(each["email"]), str(each["kind"])))


def forget(actor: Actor, enrolment_id: Any) -> None:
    """Forget an app or a passkey, for administrators; what it proved stays in the evidence."""
    actor.require_administrator()
    key = as_uuid(enrolment_id)
    with change(actor):
        gone = SignerTotp.objects.filter(pk=key).delete()[0]
        if not gone and not SignerPasskey.objects.filter(pk=key).delete()[0]:
            raise NotFound("This is not known any more.")
