"""What identity providers are set up to check of signers: documents, faces, questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.people.identity import providers, restrict_provider
from dealwright.base.whole_numbers import whole_number
from dealwright.signing.identity.models import Assurance, ProviderChecks

MOST_DAYS = 3_650


def checks_by_provider() -> dict[Any, ProviderChecks]:
    """The set-up of each provider that has one, by the provider's key."""
    return {each.provider_id: each for each in ProviderChecks.objects.all()}


def checks_of(provider_id: str) -> ProviderChecks | None:
    """The set-up of a provider by its public id; None where nothing is set up."""
    return ProviderChecks.objects.filter(
        provider__provider="openid_connect", provider__provider_id=provider_id
    ).first()


def offers_of(provider: Any) -> list[str]:
    """What a provider is set up to check (``Assurance``)."""
    row = ProviderChecks.objects.filter(provider=provider).first()
    return list(row.offers) if row else []


def find_provider(provider_pk: int) -> Any:
    """An identity provider by its key; raises NotFound."""
    found = next((each for each in providers() if each.pk == provider_pk), None)
    if found is None:
        raise NotFound("There is no such provider.")
    return found


def save_provider_checks(
    actor: Actor,
    provider_pk: int,
    *,
    offers: Sequence[str],
    trust_framework: str,
    acr_values: str,
    most_days: str,
    signers_only: bool | None = None,
) -> ProviderChecks:
    """Say what a provider checks; for administrators. Raises Invalid naming each wrong place.

    ``acr_values`` are separated by blanks. A recipient who was asked for a check that is no
    longer offered is told to ask the sender. ``signers_only`` says whether it lets nobody in here;
    None leaves that as it is.
    """
    actor.require_administrator()
    wrong: dict[str, list[str]] = {}
    trust_framework, acr_values = trust_framework.strip(), " ".join(acr_values.split())
    if set(offers) - set(Assurance.values):
        wrong["offers"] = ["Choose from the list."]
    if len(trust_framework) > 100 or any(each.isspace() for each in trust_framework):
        wrong["trust_framework"] = ["One identifier of at most 100 characters, such as eidas."]
    if len(acr_values) > 400 or "\x00" in acr_values:
        wrong["acr_values"] = ["At most 400 characters in all."]
    most = whole_number(most_days, least=1, most=MOST_DAYS)
    if most is None:
        wrong["most_days"] = [f"Give a number from 1 to {MOST_DAYS:,}."]
    if wrong:
        raise Invalid(" ".join(each for said in wrong.values() for each in said), fields=wrong)
    provider = find_provider(provider_pk)
    with change(actor):
        row: ProviderChecks
        row, _made = ProviderChecks.objects.update_or_create(
            provider=provider,
            defaults={
                "offers": [each for each in Assurance.values if each in offers],
                "trust_framework": trust_framework,
                "acr_values": acr_values,
                "most_days": most or MOST_DAYS,
                "updated_by": actor.user,
            },
        )
        if signers_only is not None:
            restrict_provider(actor, provider_pk, signers_only=signers_only)
    return row
