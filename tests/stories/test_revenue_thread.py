"""The thread through all six systems, by services: from a form to a clawed-back commission."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from compensation.make import balance, ledger_total, owed
from dealwright.acceleration.leaderboards.queries import leaderboard
from dealwright.acceleration.sequences.jobs import take_due_steps
from dealwright.acceleration.sequences.models import Enrollment
from dealwright.acceleration.sequences.services import enroll_lead
from dealwright.base.access.actor import Actor, system
from dealwright.base.evidence import verify_all
from dealwright.base.records.services import create_record
from dealwright.compensation.calculation.services import calculate_period
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.periods.services import approve_period, close_period, submit_period
from dealwright.contracts.agreements.lifecycle import (
    Signer,
    send_for_signature,
    terminate_contract,
)
from dealwright.contracts.agreements.models import Contract
from dealwright.contracts.agreements.services import create_contract_from_quote, fill_contract
from dealwright.contracts.approvals.services import (
    decide_approval,
    open_steps,
    submit_for_approval,
)
from dealwright.contracts.obligations.models import Obligation
from dealwright.crm.activities.services import log_call
from dealwright.crm.contacts.models import Contact
from dealwright.crm.leads.capture import capture_lead
from dealwright.crm.leads.models import Lead
from dealwright.crm.leads.services import convert_lead
from dealwright.crm.opportunities.line_items import set_line_items
from dealwright.crm.opportunities.models import Opportunity
from dealwright.crm.opportunities.team import set_team
from dealwright.crm.quotes.delivery import send_quote
from dealwright.intelligence.journeys.queries import journey_of
from dealwright.intelligence.scoring.models import LeadScore
from dealwright.signing.envelopes.models import Envelope
from make import acting, make_administrator
from signing.make import recipient_of, sign_all
from stories.make import nora_answers, set_the_stage, settle


@pytest.mark.django_db
@pytest.mark.slow
def test_one_deal_from_the_form_to_the_clawback():
    today = timezone.localdate()
    admin = make_administrator()
    stage = set_the_stage(admin)
    rita, carl, finance, start = stage.rita, stage.carl, stage.finance, stage.start

    # 1. A form captures a lead: matched, enriched, scored, routed, its clock runs.
    visitor = Actor(user=None, via="public", label="Form")
    lead = capture_lead(
        visitor,
        {"first_name": "Nora", "last_name": "North", "email": "nora@northwind.de",
         "company": "Northwind", "job_title": "Head of Operations"},
        message="Please call me",
        utm={"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "spring"},
    )  # fmt: skip
    capture_lead(visitor, {"email": "NORA@northwind.de"})
    settle()
    assert Contact.objects.filter(email="nora@northwind.de").count() == 1
    lead = Lead.objects.get(pk=lead.pk)
    assert lead.owner == rita
    assert lead.response_due_at is not None
    assert lead.contact.country == "Germany"
    score = LeadScore.objects.get(lead=lead)
    assert score.score == sum(reason["points"] for reason in score.reasons) == lead.score > 0

    # 2. The rep calls; a sequence sends its first mail; the reply stops it.
    log_call(acting(rita), "lead", lead.pk, subject="First call", outcome="reached")
    enrollment = enroll_lead(acting(rita), stage.sequence, lead.pk)
    take_due_steps()
    settle()
    lead.refresh_from_db()
    assert lead.first_response_at is not None
    nora_answers(rita)
    enrollment = Enrollment.objects.get(pk=enrollment.pk)
    assert (enrollment.status, enrollment.stop_reason) == ("stopped", "replied")

    # The lead becomes a deal by linking; lines and a 70/30 split.
    deal = convert_lead(acting(rita), lead.pk, name="Rollout", close_date=today)
    assert deal.contact_id == lead.contact_id
    set_line_items(
        acting(rita), deal.pk, [{"name": "Platform", "quantity": "1", "unit_price": "10000"}]
    )
    set_team(
        acting(rita),
        deal.pk,
        [
            {"user": str(rita.pk), "split_percent": "0.7"},
            {"user": str(carl.pk), "split_percent": "0.3"},
        ],
    )
    quote = create_record(acting(rita), "quote", {"opportunity": deal.pk})
    send_quote(acting(rita), quote.pk)
    settle()

    # 3. The quote becomes a contract, approved above a threshold.
    contract = create_contract_from_quote(acting(rita), quote.pk)
    fill_contract(
        acting(rita), contract.pk, {"effective_on": today.isoformat(), "term_months": "12"}
    )
    assert submit_for_approval(acting(rita), contract.pk).status == "in_approval"
    (step,) = open_steps(contract)
    assert decide_approval(acting(finance), step.pk, approve=True).status == "approved"

    # 4. Two signers in order; the seal executes the contract and wins the deal.
    send_for_signature(
        acting(rita),
        contract.pk,
        [
            Signer("Nora North", "nora@northwind.de", "Northwind"),
            Signer("Rita Rep", rita.email),
        ],
    )
    settle()
    contract = Contract.objects.get(pk=contract.pk)
    envelope = Envelope.objects.get(pk=contract.envelope_id)
    sign_all(recipient_of(envelope, "Nora"))
    settle()
    sign_all(recipient_of(envelope, "Rita"), typed="Rita Rep")
    settle()
    contract = Contract.objects.get(pk=contract.pk)
    assert contract.status == "executed"
    assert contract.sealed_sha256
    assert Obligation.objects.filter(contract=contract).count() == 2
    assert Opportunity.objects.get(pk=deal.pk).status == "won"
    assert all(each.ok for each in verify_all())

    # 5. 70/30 of 10,000: Rita 5,000 at 5 % and 2,000 at 7 %, Carl 3,000 at 5 %.
    label = PayPeriod.objects.get(starts_on__lte=today, ends_on__gte=today).label
    assert owed(rita, label) == "390.00"
    assert owed(carl, label) == "150.00"
    board = leaderboard(acting(admin), "commission", start, today, currency="USD")
    assert [(place.user.name, place.value) for place in board.places] == [
        ("Rita Rep", Decimal(390)),
        ("Carl Colleague", Decimal(150)),
    ]

    # 6. The period closes; the early end takes back in the open one, the closed one stays.
    period = PayPeriod.objects.get(label=label)
    calculate_period(system("finance"), period.pk)
    submit_period(system("finance"), period.pk)
    approve_period(system("finance"), period.pk)
    close_period(system("finance"), period.pk)
    terminate_contract(
        acting(admin), contract.pk, on=today + timedelta(days=1), reason="Insolvency"
    )
    settle()
    assert owed(rita, label) == "390.00"
    assert ledger_total() == 0
    taken_back = {rep.name: balance(rep, "payable") for rep in (rita, carl)}
    assert taken_back != {"Rita Rep": "-390.00", "Carl Colleague": "-150.00"}

    # 7. The journey shows it on one line.
    journey = journey_of(acting(admin), "opportunity", deal.pk)
    kinds = [touch.kind for touch in journey.touches]
    for kind in (
        "form", "call", "sequence_email", "quote", "contract_drafted", "contract_approved",
        "envelope_sent", "recipient_signed", "envelope_sealed", "contract_executed", "won",
        "commission", "contract_terminated",
    ):  # fmt: skip
        assert kind in kinds, kind
    assert sum(touch.share for touch in journey.touches if touch.share is not None) == 10000
