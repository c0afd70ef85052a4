"""A provider that checks people, and recipients who are sent to it."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.test import Client
from django.utils import timezone

from dealwright.base.evidence.models import EvidenceEntry
from dealwright.base.people.identity import providers
from dealwright.signing.consent.services import current_consent
from dealwright.signing.envelopes.drafts import NewRecipient
from dealwright.signing.envelopes.models import Recipient
from dealwright.signing.identity.models import ProviderChecks
from dealwright.signing.identity.provider_checks import save_provider_checks
from make import acting, make_administrator
from signing.make import make_sent_envelope, token_of

ADDRESS = "ada@buyer.test"
ALL = ("document_face", "document", "questions")


def set_up(pk: int, **given: Any) -> ProviderChecks:
    values = {"offers": ALL, "trust_framework": "", "acr_values": "", "most_days": "30", **given}
    return save_provider_checks(acting(make_administrator()), pk, **values)


def only_provider() -> int:
    return int(providers()[0].pk)


def checked(
    kind: str = "document", methods: tuple[str, ...] = ("vri", "bvr"), **given: Any
) -> dict[str, Any]:
    """Verified claims as the specification writes them, of Ada, an hour ago."""
    verification = {
        "trust_framework": "eidas",
        "assurance_level": "substantial",
        "time": (timezone.now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%MZ"),
        "verification_process": "process-7",
        "evidence": [
            {
                "type": kind,
                "check_details": [
                    {"check_method": each, "organization": "Ident GmbH", "check_id": f"{each}-42"}
                    for each in methods
                ],
                "document_details": {"type": "passport", "document_number": "C01X00T47"},
            }
        ],
        **given,
    }
    names = {"given_name": "Ada Augusta", "family_name": "Lovelace", "birthdate": "1815-12-10"}
    return {"verification": verification, "claims": names}


def named(given_name: str, family_name: str) -> dict[str, Any]:
    answer = checked()
    answer["claims"] |= {"given_name": given_name, "family_name": family_name}
    return answer


def without(answer: dict[str, Any], *path: str | int) -> dict[str, Any]:
    """The answer without one of its members."""
    changed = copy.deepcopy(answer)
    at: Any = changed
    for step in path[:-1]:
        at = at[step]
    del at[path[-1]]
    return changed


def asked(assurance: str = "document_face", **given: Any) -> Recipient:
    ada = NewRecipient(
        name=given.pop("name", "Ada Lovelace"),
        email=ADDRESS,
        role="approver",
        identity_methods=["idp"],
        provider="ident",
        assurance=assurance,
        **given,
    )
    return make_sent_envelope(recipients=[ada]).recipients.get()


def begin(recipient: Recipient) -> tuple[Client, str]:
    client, address = Client(), f"/sign/{token_of(recipient)}"
    client.post(f"{address}/consent", {"agree": "on", "consent": current_consent().pk})
    return client, address


def there(client: Client, address: str) -> str:
    """Go to the provider; where it sends one back to."""
    leave = client.post(f"{address}/provider")
    assert leave.status_code == 302, leave.content.decode()
    back = urlsplit(httpx.get(leave.headers["Location"]).headers["Location"])
    return f"{back.path}?{back.query}"


def come_through(recipient: Recipient) -> tuple[Client, Any]:
    client, address = begin(recipient)
    return client, client.get(there(client, address))


def proof_of(recipient: Recipient) -> EvidenceEntry:
    return EvidenceEntry.objects.get(
        chain_id=recipient.envelope.chain, kind="recipient.authenticated"
    )


def refused(recipient: Recipient, told: str, *, left: str = "You have 4 more tries.") -> None:
    _client, answer = come_through(recipient)
    page = answer.content.decode()
    assert told in page, page
    assert left in page
    recipient.refresh_from_db()
    assert recipient.verified_at is None
