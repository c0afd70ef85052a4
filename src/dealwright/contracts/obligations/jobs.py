"""Telling owners in time: duties that come due, renewals to decide on."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from dealwright.base.access.actor import change, system
from dealwright.base.events import record_event
from dealwright.base.jobs import every
from dealwright.base.messaging import notify
from dealwright.contracts.agreements.events import ObligationDue, RenewalNoticeDue
from dealwright.contracts.obligations.models import Obligation

AHEAD = timedelta(days=7)
RENEWAL_AHEAD = timedelta(days=30)


@every(hours=1, name="contracts.remind_obligations")
def remind_obligations() -> int:
    """Notice each owner once of a duty due within a week, of a renewal within thirty days."""
    robot = system("Contracts")
    today = timezone.localdate()
    told = 0
    with change(robot):
        due = (
            Obligation.objects.filter(
                fulfilled_on__isnull=True,
                waived_on__isnull=True,
                reminded_at__isnull=True,
                due_on__lte=today + RENEWAL_AHEAD,
            )
            .select_related("contract", "owner")
            .select_for_update(of=("self",), skip_locked=True)[:500]
        )
        for duty in due:
            is_renewal = duty.kind == Obligation.Kind.RENEW
            if not is_renewal and duty.due_on > today + AHEAD:
                continue
            duty.reminded_at = timezone.now()
            duty.save(update_fields=["reminded_at"])
            if duty.owner is not None:
                notify(
                    duty.owner,
                    f"{duty.action} by {duty.due_on:%Y-%m-%d}",
                    url=f"/contracts/{duty.contract_id}",
                    object="contract",
                    record_id=duty.contract_id,
                )
            contract = duty.contract
            if is_renewal and contract.notice_by and contract.ends_on:
                record_event(
                    robot,
                    RenewalNoticeDue(
                        contract_id=contract.pk,
                        account_id=contract.account_id,
                        notice_by=contract.notice_by,
                        ends_on=contract.ends_on,
                    ),
                    object="contract",
                    record_id=contract.pk,
                )
            else:
                record_event(
                    robot,
                    ObligationDue(
                        obligation_id=duty.pk,
                        contract_id=contract.pk,
                        action=duty.action,
                        due_on=duty.due_on,
                    ),
                    object="contract",
                    record_id=contract.pk,
                )
            told += 1
    return told
