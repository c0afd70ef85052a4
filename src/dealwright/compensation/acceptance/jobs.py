"""Sending plan documents takes a moment each: somebody may watch."""

from __future__ import annotations

from uuid import UUID

from dealwright.base.access.actor import Actor, system
from dealwright.base.errors import Invalid
from dealwright.base.jobs import defer, finish, job, progress
from dealwright.base.jobs.models import JobRun
from dealwright.compensation.acceptance.holding import hold_unaccepted
from dealwright.compensation.acceptance.services import (
    ask_for_acceptance,
    supersede_acceptances,
    supersede_draft,
)
from dealwright.compensation.plans.models import PlanVersion


@job(name="compensation.ask_for_acceptance", queue="long", retries=0)
def ask_everybody(run: JobRun, version_id: str) -> None:
    """Send the plan document to everybody on the plan who was not asked."""
    version = PlanVersion.objects.select_related("plan").get(pk=version_id)
    progress(run, 0, message="Sending plan documents")
    made = ask_for_acceptance(run.actor, version.pk, told=lambda done: progress(run, done))
    finish(
        run,
        f"{len(made)} plan documents were sent.",
        url=f"/compensation/plans/{version.plan_id}/acceptance?version={version.number}",
    )


@job(name="compensation.ask_anew", queue="long")
def ask_anew(version_id: str, payees: list[str]) -> None:
    """Ask those who were asked for an earlier version."""
    try:
        ask_for_acceptance(system("Plan acceptance"), version_id, map(UUID, payees))
    except Invalid:
        return  # none of them is on the plan any more


def version_activated(actor: Actor, version: PlanVersion) -> None:
    """A version pays from a day on: those before it are superseded, and whoever was asked for one
    of them is asked for this one."""
    payees = supersede_acceptances(actor, version)
    if payees:
        defer(ask_anew, version_id=str(version.pk), payees=sorted(map(str, payees)))
    hold_unaccepted(actor, version.plan)


def draft_rewritten(actor: Actor, version: PlanVersion) -> None:
    """A draft says something else now: whoever was asked for it is asked for the new text."""
    payees = supersede_draft(actor, version)
    if payees:
        defer(ask_anew, version_id=str(version.pk), payees=sorted(map(str, payees)))
