"""Who must not be written to, and how a person says so (RFC 8058, RFC 2369)."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.core import signing

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.messaging.addresses import address_hash, check_email, domain_of
from dealwright.base.messaging.events import AddressSuppressed
from dealwright.base.messaging.models import OutboundMessage, Suppression

ASKED = ("sequence", "marketing")  # the purposes that ask the list before each mail
_SALT = "dealwright.unsubscribe"


def suppress_address(
    actor: Actor, address: str, *, reason: str, purpose: str = "", source: str = ""
) -> Suppression:
    """Never again write to an address for a purpose (empty: all that ask). Safe to repeat.

    ``@example.com`` stands for everyone at the domain. The first reason stays.
    """
    if reason not in Suppression.Reason.values:
        raise Invalid(f"“{reason}” is no reason to suppress an address.")
    if not address.startswith("@"):
        address = check_email(address, field="address")
    with change(actor):
        row, made = Suppression.objects.get_or_create(
            address_hash=address_hash(address),
            purpose=purpose,
            defaults={"reason": reason, "source": source[:200], "created_by": actor.user},
        )
        if made:
            from dealwright.base.events import record_event

            record_event(
                actor,
                AddressSuppressed(
                    suppression=row.id,
                    address_hash=row.address_hash,
                    purpose=purpose,
                    reason=reason,
                ),
            )
    return row


def lift_suppression(actor: Actor, address: str, *, purpose: str = "") -> None:
    """Allow mail to an address again, on the person's word; for administrators.

    Raises NotFound where it is not on the list.
    """
    actor.require_administrator("The suppression list is kept by administrators.")
    with change(actor):
        rows = Suppression.objects.filter(address_hash=address_hash(address), purpose=purpose)
        if not rows.delete()[0]:
            raise NotFound("This address is not on the suppression list.")


def suppressed_reason(address: str, purpose: str) -> str:
    """Why an address may not be written to for a purpose, or nothing where it may."""
    return suppressed_reasons([address], purpose).get(address, "")


def suppressed_reasons(addresses: Iterable[str], purpose: str) -> dict[str, str]:
    """The reasons of those of the addresses that are on the list, in one statement."""
    hashes: dict[str, list[str]] = {}
    for address in addresses:
        for each in {address_hash(address), address_hash(f"@{domain_of(address)}")}:
            hashes.setdefault(each, []).append(address)
    found: dict[str, str] = {}
    rows = Suppression.objects.filter(address_hash__in=hashes, purpose__in=("", purpose))
    for row in rows.order_by("created_at"):
        for address in hashes[row.address_hash]:
            found.setdefault(address, row.get_reason_display())
    return found


def unsubscribe_url(address: str, purpose: str) -> str:
    """Where one click takes a person off the list; needs no sign-in and never expires."""
    token = signing.dumps([address, purpose], salt=_SALT, compress=True)
    return f"{settings.PUBLIC_URL}/unsubscribe/{token}"


def read_unsubscribe_token(token: str) -> tuple[str, str]:
    """The address and purpose of a link; raises NotFound for one we did not make."""
    try:
        address, purpose = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        raise NotFound("This link is not complete. Open it from the e-mail again.") from None
    return str(address), str(purpose)


def unsubscribe_headers(address: str, purpose: str) -> dict[str, str]:
    """The two headers by which a mail programme offers to unsubscribe with one click."""
    return {
        "List-Unsubscribe": f"<{unsubscribe_url(address, purpose)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def hold_to_the_list(message: OutboundMessage) -> str:
    """The reason for which a message must not go out, or nothing."""
    if message.purpose not in ASKED:
        return ""
    return suppressed_reason(message.to, message.purpose)
