"""A company with at least one record of each kind, made through the real services.

All of it is Rita's; Sam, a rep like her, stands beside it and may see none of it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django.db import transaction
from django.utils import timezone

from compensation.accounting.make import make_policy
from compensation.accounting.test_payroll import GERMAN
from compensation.make import book, make_payee, make_plan
from crm import make
from dealwright.acceleration.sequences.services import enroll_contact, save_steps
from dealwright.base.access.actor import Actor, system
from dealwright.base.access.models import ObjectAccess, SharingRule
from dealwright.base.events.webhooks.services import create_endpoint, send_test
from dealwright.base.evidence.models import EvidenceEntry
from dealwright.base.files import store_file
from dealwright.base.jobs.models import JobRun
from dealwright.base.messaging import notify, receive_email
from dealwright.base.objects.registry import object_types
from dealwright.base.people.identity import add_client
from dealwright.base.people.models import Profile, User
from dealwright.base.people.organization import Organization
from dealwright.base.people.tokens import create_token
from dealwright.base.records.custom_fields import create_custom_field
from dealwright.base.records.services import create_record
from dealwright.base.records.views import create_view
from dealwright.base.transfer.drafts import upload_tables
from dealwright.base.work_calendars import save_calendar
from dealwright.compensation.acceptance.services import ask_for_acceptance
from dealwright.compensation.accounting.models import ContractCost, PlanRate
from dealwright.compensation.accounting.payroll_services import save_layout
from dealwright.compensation.accounting.rates import state_rate
from dealwright.compensation.accounting.services import revise_period, run_month, set_cost_centre
from dealwright.compensation.calculation.models import CalculationRun, RunLine
from dealwright.compensation.calculation.services import calculate_period
from dealwright.compensation.disputes.services import open_dispute, propose_adjustment
from dealwright.compensation.holds.services import place_hold
from dealwright.compensation.ledger.models import PaymentBatch
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.planning.services import ScenarioValues, create_scenario
from dealwright.compensation.quotas.models import Quota
from dealwright.compensation.relationships.services import state_relationship
from dealwright.compensation.simulation.forecasts import calculate_forecast, create_forecast
from dealwright.compensation.simulation.services import calculate_backtest, create_backtest
from dealwright.compensation.territories.services import give_territory
from dealwright.contracts.agreements.services import create_contract_from_opportunity
from dealwright.contracts.approvals.models import ApprovalRule
from dealwright.contracts.approvals.services import open_steps, submit_for_approval
from dealwright.contracts.library.models import ContractTemplate
from dealwright.crm.accounts.services import link_contact
from dealwright.crm.campaigns.services import add_members
from dealwright.crm.contacts.services import add_contact_point
from dealwright.crm.leads.rules import save_rule
from dealwright.crm.merging.services import merge_records
from dealwright.crm.opportunities.line_items import set_line_items
from dealwright.crm.quotes.delivery import send_quote
from dealwright.intelligence.tracking.services import record_touch
from dealwright.signing.bulk.services import upload_rows
from dealwright.signing.delegation.services import delegate
from dealwright.signing.embedding.sending import begin_sending, create_sending_url
from dealwright.signing.embedding.services import allow_site, begin_visit, create_signing_url
from dealwright.signing.envelopes.placing import add_field
from dealwright.signing.groups.services import Member, save_group
from dealwright.signing.identity.models import SignerTotp
from dealwright.signing.payments.accounts import save_payment_settings
from dealwright.signing.payments.services import begin_payment
from dealwright.signing.redlines.services import ByText, add_at_text
from dealwright.signing.retention.services import hold_envelope, save_policy
from make import acting, make_administrator, make_role, make_team, make_user
from signing.make import make_envelope, make_sent_envelope
from signing.payments.make import make_paying
from signing.routing.act import person, ready
from signing.templates.make import make_template

Company = SimpleNamespace


@contextmanager
def kept_for_the_module(blocker: Any) -> Iterator[None]:
    """The database open for a whole module, whose writes are taken back at its end."""
    with blocker.unblock():
        outer = transaction.atomic()
        outer._from_testcase = True  # as in Django's own test cases: durable blocks may nest
        with outer:
            yield
            transaction.set_rollback(True)


def make_company() -> Company:
    """One of everything."""
    one = Company()
    Organization.objects.get_or_create(pk=1, defaults={"name": "Northlight Systems"})
    _people(one)
    _customers(one)
    _selling(one)
    _paper(one)
    _machinery(one)
    _pay(one)
    _accounting(one)
    return one


def everything_private() -> None:
    """Take from reps what they may read by default, so that each object has strangers."""
    for of in object_types():
        ObjectAccess.objects.update_or_create(
            object=of.key, profile=Profile.REP, defaults={"level": "own"}
        )


def _people(one: Company) -> None:
    one.top = make_role("Sales")
    one.field_role = make_role("Field sales", parent=one.top)
    one.ada = make_administrator("Ada Admin")
    one.mia = make_user("Mia Manager", profile=Profile.MANAGER, role=one.top)
    one.rita = make_user("Rita Rep", role=one.field_role, manager=one.mia)
    one.sam = make_user("Sam Stranger")
    one.reed = make_user("Reed Only", profile=Profile.READ_ONLY)
    one.fay = make_user("Fay Finance", profile=Profile.FINANCE)
    one.team = make_team(one.rita, name="North")
    one.actor = acting(one.rita)


def _customers(one: Company) -> None:
    mine: dict[str, Any] = {"owner": one.rita}
    one.account = make.make_account(name="Acme", domain="acme.example", **mine)
    make.make_account(name="Acme Robotics", parent=one.account, **mine)
    one.contact = make.make_contact(account=one.account, email="grace@acme.example", **mine)
    one.twin = make.make_contact(first_name="Robin", last_name=one.contact.last_name, **mine)
    one.link = link_contact(one.actor, one.account.pk, one.contact.pk, role="Buyer")
    one.point = add_contact_point(one.actor, one.contact.pk, "email", "g@acme.example")
    one.lead = make.make_lead(contact=one.contact, message="Call me", utm_source="mail", **mine)
    one.case = make.make_case(account=one.account, contact=one.contact, **mine)
    one.campaign = make.make_campaign(**mine)
    add_members(system(), one.campaign.pk, [one.contact.pk])
    one.member = one.campaign.members.get()
    one.web_form = _record("web_form", one, name="F", slug="contact-us", title="Talk to us")
    one.assignment = save_rule(
        system(), values={"name": "Inbound", "response_minutes": 30}, members=[{"user": one.rita}]
    )
    lost = make.make_account(name="Acme twin", **mine)
    one.merge = merge_records(one.actor, "account", one.account.pk, lost.pk)


def _selling(one: Company) -> None:
    mine: dict[str, Any] = {"owner": one.rita}
    one.product = make.make_product(name="GTX Pro", list_price="100", currency="EUR", **mine)
    one.price_book = make.make_price_book(**mine)
    one.opportunity = make.make_opportunity(
        name="Looms", account=one.account, contact=one.contact, currency="EUR", **mine
    )
    set_line_items(system(), one.opportunity.pk, [{"product": one.product.pk, "quantity": "2"}])
    one.stage = one.opportunity.pipeline.stages.get(name="Contract")
    make.make_opportunity(stage="Won", amount="50", product=one.product, **mine)
    one.activity = make.make_activity(
        opportunity=one.opportunity, due_at=timezone.now() - timedelta(days=1), **mine
    )
    one.quote = make.make_quote(opportunity=one.opportunity, **mine)
    one.sent_quote = send_quote(system(), make.make_quote(opportunity=one.opportunity, **mine).pk)
    one.message_template = _record(
        "message_template", one, name="Hello", subject="Hi", body="Hello"
    )
    one.segment = _record("segment", one, name="Ours", of="contact")
    one.play = _record("play", one, name="Discovery", stage=one.stage.pk)
    one.sequence = _record("sequence", one, name="Welcome", any_time=True)
    save_steps(
        system(),
        one.sequence.pk,
        [{"kind": "email", "subject": "Hello", "body": "Good to talk."}],
    )
    one.enrollment = enroll_contact(one.actor, one.sequence.pk, one.contact.pk)
    record_touch(
        system(),
        key="touch-1",
        kind="page_view",
        channel="direct",
        title="Prices",
        contact_id=one.contact.pk,
        account_id=one.account.pk,
    )


def _paper(one: Company) -> None:
    one.approval_rule = ApprovalRule.objects.create(
        name="All", filter={"field": "amount", "op": "gte", "value": "1"}, profile=Profile.FINANCE
    )
    one.contract = create_contract_from_opportunity(one.actor, one.opportunity.pk)
    other = create_contract_from_opportunity(one.actor, one.opportunity.pk)
    submit_for_approval(one.actor, other.pk)
    (one.step,) = open_steps(other)
    one.contract_template = ContractTemplate.objects.first()
    ContractTemplate.objects.update(owner=one.rita)
    one.clause = _record("clause", one, name="Liability", text="Up to [[amount]].")
    one.obligation = _record(
        "obligation", one, action="Deliver", contract=one.contract.pk, due_on="2027-03-01"
    )
    one.envelope = make_envelope(one.actor)
    save_payment_settings(acting(one.ada), provider="test")
    one.paying = make_paying(one.actor, recipients=[person("Pay Er")])
    one.payment = begin_payment(
        ready(one.paying.recipients.get()), one.paying.documents.get().fields.get(kind="payment").pk
    )
    one.sent_envelope = make_sent_envelope(one.actor)
    one.document = one.envelope.documents.first()
    one.envelope_field = add_field(
        one.actor,
        one.envelope.pk,
        document_id=one.document.pk,
        recipient_id=one.envelope.recipients.first().pk,
        kind="signature",
        page=1,
        x=0.2,
        y=0.2,
    )
    one.redline = add_at_text(one.actor, one.envelope.pk, ByText(find="The order"))
    one.sent_document = one.sent_envelope.documents.first()
    one.recipient = one.sent_envelope.recipients.first()
    one.signing_group = save_group(
        acting(one.ada), name="Legal", members=[Member(name="Lea", email="lea@legal.test")]
    )
    one.delegation = delegate(
        acting(one.rita),
        to_name="Stan In",
        to_email="stan@legal.test",
        starts_on=date(2027, 1, 1),
        ends_on=date(2027, 2, 1),
    )
    one.enrolled_app = SignerTotp.objects.create(email="ada@buyer.example", secret="none")
    one.legal_hold = hold_envelope(acting(one.ada), one.sent_envelope.pk, reason="A dispute.")
    one.retention_policy = save_policy(acting(one.ada), name="Old ones", keep_days=3_650)
    one.signing_template = make_template(one.actor)
    one.template_document = one.signing_template.documents.get()
    one.signing_form = _record(
        "signing_form", one, name="NDA", slug="our-nda", title="NDA",
        template=one.signing_template.pk,
    )  # fmt: skip
    rows = io.BytesIO(b"Customer name,Customer e-mail\nAda,ada@buyer.example\n")
    one.bulk_send = upload_rows(one.actor, one.signing_template.pk, name="rows.csv", content=rows)
    one.embedding_site = allow_site(acting(one.ada), "https://portal.example.com")
    url = create_signing_url(one.actor, one.sent_envelope.pk, one.recipient.pk).url
    one.embedded_visit = begin_visit(url.rpartition("/")[2], details={})
    address = create_sending_url(one.actor, one.envelope.pk, origin="https://portal.example.com")
    _, one.sending_visit = begin_sending(address.url.rpartition("/")[2])
    one.chain = EvidenceEntry.objects.values_list("chain", flat=True).first()


def _machinery(one: Company) -> None:
    one.endpoint = create_endpoint(one.actor, url="https://hooks.example.com/x").endpoint
    one.webhook_message = send_test(one.actor, one.endpoint.pk)
    one.import_job = upload_tables(one.actor, [("accounts.csv", io.BytesIO(b"Name\nZeta\n"))])
    one.run = JobRun.objects.create(title="Counting", job="test", values={}, user=one.rita)
    one.view = create_view(
        one.actor, "account", name="Mine", layout="table", filter={}, columns=["name"], sort="name"
    )
    one.custom_field = create_custom_field(
        acting(one.ada), "account", label="Tier", kind="choice", options=["Gold", "Silver"]
    )
    one.calendar = save_calendar(
        acting(one.ada), name="Office", timezone="UTC", hours={"0": [["09:00", "17:00"]]}
    )
    one.sharing_rule = SharingRule.objects.create(
        object="segment", name="For North", to_team=one.team
    )
    one.file = store_file(
        one.actor, name="note.txt", content=b"plain words", object="account",
        record_id=one.account.pk,
    )  # fmt: skip
    one.notice = notify(one.rita, "Look", url=f"/accounts/{one.account.pk}")
    one.mail = one.sent_quote and _mail()
    one.received = receive_email(
        b"From: grace@acme.example\r\nTo: us@here.example\r\nSubject: Hi\r\n"
        b"Message-ID: <1@acme.example>\r\n\r\nHello\r\n"
    )
    one.token = create_token(one.actor, name="Mine", scopes=["crm:read"]).token
    one.client = add_client(
        acting(one.ada), name="Portal", redirect_uris="https://p.example/cb"
    ).client


def _pay(one: Company) -> None:
    one.plan = make_plan()
    one.assignee = make_payee(one.plan, "Pat Payee", manager=one.mia)
    one.assignment_of_pay = one.plan.assignments.get()
    book(1000, (one.assignee, "1"), on=date(2027, 1, 15))
    one.period = PayPeriod.objects.get(label="2027-01", calendar="month")
    calculate_period(system("test"), one.period.pk)
    one.calculation = CalculationRun.objects.first()
    one.line = RunLine.objects.filter(payee=one.assignee).first()
    one.quota = Quota.objects.first()
    one.territory = give_territory(system("test"), "north", one.assignee)
    one.scenario = create_scenario(
        system("test"),
        ScenarioValues(
            name="Plan 2028", measure="bookings", currency="EUR",
            starts_on=date(2028, 1, 1), ends_on=date(2028, 12, 31), target=Decimal(1000),
            history_starts_on=date(2027, 1, 1), history_ends_on=date(2027, 12, 31),
        ),
    )  # fmt: skip
    one.planned = one.scenario.rows.get(user=one.assignee)
    one.mentoring = state_relationship(system("test"), one.assignee, one.rita, "mentor")
    one.dispute = open_dispute(
        acting(one.assignee),
        payee_id=one.assignee.pk,
        period_id=one.period.pk,
        plan_id=one.plan.pk,
        component="commission",
        body="Where is the rest?",
        today=date(2027, 1, 20),
    )
    one.backtest = create_backtest(
        system("test"),
        one.plan.pk,
        text=one.plan.versions.get().text,
        label="As it is",
        starts_on=date(2027, 1, 1),
        ends_on=date(2027, 1, 31),
    )
    calculate_backtest(system("test"), one.backtest.pk)
    one.forecast = create_forecast(
        system("test"), as_of=date(2027, 1, 1), ends_on=date(2027, 1, 31), seed=1, draws=100
    )
    calculate_forecast(system("test"), one.forecast.pk)
    one.adjustment = propose_adjustment(
        acting(one.fay),
        payee_id=one.assignee.pk,
        period_id=one.period.pk,
        plan_id=one.plan.pk,
        component="commission",
        amount=Decimal(10),
        reason="Forgotten",
    )
    one.hold = place_hold(
        acting(one.fay), payee_id=one.assignee.pk, reason="Leave", starts_on=date(2027, 6, 1)
    )
    (one.acceptance,) = ask_for_acceptance(acting(one.fay), one.plan.versions.get().pk)


def _accounting(one: Company) -> None:
    actor = system("test")
    one.policy = make_policy(one.plan)
    run_month(actor, one.period.starts_on)
    one.cost = ContractCost.objects.get()
    one.decision = revise_period(actor, one.cost.event_id, one.period.starts_on, 48, "They stay")
    one.batch = PaymentBatch.objects.create(period=one.period, payee_count=1)
    one.layout = save_layout(actor, "Payroll", GERMAN | {"pay_codes": "default = 2000"})
    one.centre = set_cost_centre(actor, "S-1")
    state_rate(
        actor, type="plan", base="USD", quote="EUR", rate=Decimal("0.9"),
        starts_on=date(2027, 1, 1), source="Budget",
    )  # fmt: skip
    one.plan_rate = PlanRate.objects.get()


def _mail() -> Any:
    from dealwright.base.messaging.models import OutboundMessage

    return OutboundMessage.objects.order_by("-pk").first()


def _record(object_key: str, one: Company, **values: Any) -> Any:
    return create_record(system("test"), object_key, {"owner": one.rita.pk} | values)


def actor_with(user: User, *scopes: str) -> Actor:
    """The user through a token with these scopes."""
    return Actor(user=user, via="api", scopes=frozenset(scopes))


def listed(wrong: list[Any]) -> str:
    """The offenders, one a line."""
    return f"{len(wrong)}:\n" + "\n".join(str(each) for each in wrong)
