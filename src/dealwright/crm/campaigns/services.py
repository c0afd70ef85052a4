"""What can be done with campaigns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import as_uuid, get_changeable, visible_records
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.objects.registry import object_type
from dealwright.base.records.services import insert_record, save_changes
from dealwright.crm.campaigns.models import Campaign, CampaignMember
from dealwright.crm.columns import checked_currency

RESPONDED = (CampaignMember.Status.RESPONDED, CampaignMember.Status.ATTENDED)
MOST_AT_ONCE = 10_000


def create_campaign(actor: Actor, values: Mapping[str, Any]) -> Campaign:
    """Make a campaign. Raises Invalid."""
    campaign: Campaign = insert_record(actor, object_type("campaign"), _checked(values, None))
    return campaign


def update_campaign(actor: Actor, campaign: Campaign, values: Mapping[str, Any]) -> Campaign:
    """Change a campaign. Raises Invalid."""
    updated: Campaign = save_changes(actor, campaign, _checked(values, campaign))
    return updated


def add_members(
    actor: Actor,
    campaign_id: Any,
    contact_ids: Sequence[Any],
    *,
    status: str = CampaignMember.Status.PLANNED,
) -> int:
    """Put people into a campaign; who is in it already stays as is. Returns how many are new.

    Raises NotFound where one of the people may not be seen.
    """
    _check_status(status)
    keys = {as_uuid(each) for each in contact_ids}
    if len(keys) > MOST_AT_ONCE:
        raise Invalid(f"At most {MOST_AT_ONCE:,} people can be added at once.")
    with change(actor):
        campaign = get_changeable(actor, "campaign", campaign_id)
        seen = set(
            visible_records(actor, "contact").filter(pk__in=keys).values_list("pk", flat=True)
        )
        if keys - seen:
            raise NotFound("Some of these people do not exist, or you may not see them.")
        present = set(
            CampaignMember.objects.filter(campaign=campaign, contact__in=seen).values_list(
                "contact_id", flat=True
            )
        )
        responded_at = timezone.now() if status in RESPONDED else None
        made = CampaignMember.objects.bulk_create(
            [
                CampaignMember(
                    campaign=campaign, contact_id=key, status=status, responded_at=responded_at
                )
                for key in sorted(seen - present)
            ],
            ignore_conflicts=True,
        )
        return len(made)


def set_member_status(actor: Actor, member_id: Any, status: str) -> CampaignMember:
    """Note what came of a person in a campaign."""
    _check_status(status)
    with change(actor):
        member = _member(actor, member_id)
        member.status = status
        if status in RESPONDED:
            member.responded_at = member.responded_at or timezone.now()
        else:
            member.responded_at = None
        member.save(update_fields=["status", "responded_at"])
        return member


def remove_member(actor: Actor, member_id: Any) -> None:
    """Take a person out of a campaign."""
    with change(actor):
        _member(actor, member_id).delete()


def _member(actor: Actor, member_id: Any) -> CampaignMember:
    member = CampaignMember.objects.filter(pk=as_uuid(member_id)).first()
    if member is None:
        raise NotFound("This person is not in the campaign.")
    get_changeable(actor, "campaign", member.campaign_id)
    return member


def _check_status(status: str) -> None:
    if status not in CampaignMember.Status.values:
        labels = ", ".join(CampaignMember.Status.labels)
        sentence = f"Status: choose one of {labels}."
        raise Invalid(sentence, fields={"status": [sentence]})


def _checked(values: Mapping[str, Any], campaign: Campaign | None) -> dict[str, Any]:
    cleaned = dict(values)
    wrong = {}
    if cleaned.get("currency"):
        cleaned["currency"] = checked_currency(cleaned["currency"])
    for key, label in (
        ("budget", "Budget"),
        ("actual_cost", "Actual cost"),
        ("expected_revenue", "Expected revenue"),
    ):
        if cleaned.get(key) is not None and cleaned[key] < 0:
            wrong[key] = [f"{label} may not be negative."]
    response = cleaned.get("expected_response")
    if response is not None and not 0 <= response <= 1:
        wrong["expected_response"] = ["Expected response must be between 0 and 100 %."]
    starts = cleaned.get("starts_on", campaign.starts_on if campaign else None)
    ends = cleaned.get("ends_on", campaign.ends_on if campaign else None)
    if starts and ends and ends < starts:
        wrong["ends_on"] = ["Ends must not lie before starts."]
    if campaign is not None and cleaned.get("parent_id") == campaign.pk:
        wrong["parent"] = ["A campaign cannot be its own parent."]
    if wrong:
        raise Invalid(" ".join(each for some in wrong.values() for each in some), fields=wrong)
    return cleaned
