"""Every address of the product's pages, with real records in its places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from dealwright.base.objects.registry import object_types
from dealwright.signing.consent.services import current_consent
from signing.make import token_of

from .company import Company

_PLACE = re.compile(r"<(?:\w+:)?(\w+)>")
_GROUP = re.compile(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")


@dataclass(frozen=True, slots=True)
class Door:
    """One address pattern, as Django's resolver has it."""

    route: str
    view: Any

    def __str__(self) -> str:
        return f"/{self.route}"


def doors() -> list[Door]:
    """All of them but those of the API, which its own document lists."""
    found = [
        Door(re.sub(r"[\^$]", "", route), view)
        for route, view in _walk(get_resolver(), "")
        if not route.startswith("api/v1/")
    ]
    assert len(found) > 200
    first = {each.route: each for each in reversed(found)}  # of two at one address, the first
    return list(first.values())


def _walk(resolver: URLResolver, before: str) -> Iterator[tuple[str, Any]]:
    for each in resolver.url_patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _walk(each, route)
        elif isinstance(each, URLPattern):
            yield route, each.callback


class Places:
    """What stands in the places of an address; the longest fitting beginning decides."""

    def __init__(self, one: Company) -> None:
        self.records = {of.slug: getattr(one, of.key).pk for of in object_types()}
        self.named: dict[str, dict[str, Any]] = {
            "": {
                "slug": "accounts", "of": "accounts", "object_key": "account", "key": "name",
                "kind": "note", "number": 1, "place": 0, "verb": "edit", "status": "closed",
                "file_id": one.file.pk, "message_id": one.mail.pk, "notice_id": one.notice.pk,
                "user_id": one.rita.pk, "role_id": one.field_role.pk, "team_id": one.team.pk,
                "token_id": one.token.pk, "session_id": 1, "provider_pk": 1, "pk": 1,
                "client_id": one.client.pk, "delivery_id": 1, "endpoint_id": one.endpoint.pk,
                "run_id": one.run.pk, "job_id": one.import_job.pk, "step_id": one.step.pk,
                "field_id": one.custom_field.pk, "calendar_id": one.calendar.pk,
                "rule_id": one.sharing_rule.pk, "activity_id": one.activity.pk,
                "record_id": one.account.pk, "stage_id": one.stage.pk,
                "pipeline_id": one.stage.pipeline_id, "contact_id": one.contact.pk,
                "link_id": one.link.pk, "point_id": one.point.pk, "merge_id": one.merge.pk,
                "member_id": one.member.pk, "envelope_id": one.envelope.pk,
                "document_id": one.document.pk, "recipient_id": one.recipient.pk,
                "group_id": one.signing_group.pk, "delegation_id": one.delegation.pk,
                "page": 1, "form": "original", "play_id": one.play.pk, "view_id": one.view.pk,
                "payee_id": one.assignee.pk, "period_id": one.period.pk, "plan_id": one.plan.pk,
                "component": "commission", "line_id": one.line.pk, "quota_id": one.quota.pk,
                "assignment_id": one.assignment_of_pay.pk, "dispute_id": one.dispute.pk,
                "adjustment_id": one.adjustment.pk, "action": "submit", "decision": "approve",
                "hold_id": one.hold.pk, "acceptance_id": one.acceptance.pk,
                "uidb36": "1", "provider_id": "none", "token": "none",
            },
            "evidence/": {"key": one.chain},
            "outbox/received": {"message_id": one.received.pk},
            "settings/webhook-messages": {"message_id": one.webhook_message.pk},
            "settings/assignment": {"rule_id": one.assignment.pk},
            "settings/approvals": {"rule_id": one.approval_rule.pk},
            "compensation/runs": {"run_id": one.calculation.pk},
            "compensation/territories": {"holder_id": one.territory.pk},
            "compensation/relationships": {"relationship_id": one.mentoring.pk},
            "compensation/backtests": {"backtest_id": one.backtest.pk, "kind": "csv"},
            "compensation/forecasts": {"forecast_id": one.forecast.pk, "kind": "csv"},
            "compensation/accounting": {
                "event_id": one.cost.event_id, "kind": "ended", "decision_id": one.decision.pk,
                "cost_id": one.cost.pk, "name": "accruals", "policy_id": one.policy.pk,
                "centre_id": one.centre.pk, "rate_id": one.plan_rate.pk,
                "layout_id": one.layout.pk, "batch_id": one.batch.pk, "month": "2027-01",
                "action": "reconcile",
            },
            "compensation/accounting/months": {"action": "run"},
            "compensation/accounting/payroll/layouts": {"action": "use"},
            "compensation/planning": {
                "scenario_id": one.scenario.pk, "row_id": one.planned.pk, "kind": "csv",
                "action": "share",
            },
            "compensation/planning/<uuid:scenario_id>/rows": {"action": "comment"},
            "compensation/analysis": {"section": "attainment", "table": "distribution"},
            "compensation/estimates": {"opportunity_id": one.opportunity.pk},
            "forms/": {"slug": "contact-us"},
            "q/": {"token": one.sent_quote.public_token},
            "s/": {"slug": "our-nda", "token": "none"},
            "embed/": {"secret": "none"},
            "mcp/files/": {"secret": "none"},
            "embedded-sending/": {"token": one.sending_visit},
            "signing-templates/": {
                "template_id": one.signing_template.pk,
                "document_id": one.template_document.pk,
                "field_id": one.signing_template.fields[0]["id"],
            },
            "bulk-sends/": {"bulk_id": one.bulk_send.pk},
            "settings/embedded-signing": {"site_id": one.embedding_site.pk},
            "sign/e/": {"token": one.embedded_visit},
            "sign/": {
                "token": token_of(one.recipient),
                "document_id": one.sent_document.pk,
                "field_id": one.recipient.fields.first().pk,
            },
            "envelopes/<uuid:envelope_id>/redlines": {"redline_id": one.redline.pk},
            "envelopes/<uuid:envelope_id>/unlock": {"envelope_id": one.sent_envelope.pk},
            "envelopes/<uuid:envelope_id>/resend": {"envelope_id": one.sent_envelope.pk},
            "envelopes/<uuid:envelope_id>/reassign": {"envelope_id": one.sent_envelope.pk},
            "envelopes/<uuid:envelope_id>/identity": {"envelope_id": one.sent_envelope.pk},
            "envelopes/<uuid:envelope_id>/holds": {
                "envelope_id": one.sent_envelope.pk, "hold_id": one.legal_hold.pk,
            },
            "envelopes/<uuid:envelope_id>/recipients": {"envelope_id": one.sent_envelope.pk},
            "envelopes/<uuid:envelope_id>/payments": {
                "envelope_id": one.paying.pk, "payment_id": one.payment.pk,
            },
            "payments/": {"payment_id": one.payment.pk, "checkout_id": one.payment.session},
            "settings/retention": {"policy_id": one.retention_policy.pk},
            "settings/signing": {"enrolment_id": one.enrolled_app.pk},
            "settings/consent": {"text_id": current_consent().pk},
            "envelopes/<uuid:envelope_id>/fields": {"field_id": one.envelope_field.pk},
            "timeline/": {"record_id": one.account.pk},
            "journeys/": {"object_key": "contact", "record_id": one.contact.pk},
        }  # fmt: skip

    def fill(self, door: Door) -> str:
        """A real address; raises LookupError where no record is known here."""

        def value(match: re.Match[str]) -> str:
            return str(self._value(door, match[1]))

        return "/" + _PLACE.sub(value, _GROUP.sub(value, door.route))

    def _value(self, door: Door, name: str) -> Any:
        first = door.route.split("/")[0]
        if name == "record_id" and first in self.records:
            return self.records[first]
        for beginning in sorted(self.named, key=len, reverse=True):
            if door.route.startswith(beginning) and name in self.named[beginning]:
                return self.named[beginning][name]
        raise LookupError(
            f"{door}: no value is known for “{name}”. Make one in company.py and name it in "
            "Places, so that strangers are tried on the new page too."
        )
