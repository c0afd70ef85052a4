"""The demo company: every room has something real to show."""

from __future__ import annotations

from itertools import combinations

import pytest

from crm.make import make_account
from dealwright.base.errors import Conflict
from dealwright.base.events.models import EventDelivery
from dealwright.base.evidence import verify_all
from dealwright.base.people.models import User
from dealwright.compensation.disputes.models import Adjustment, Dispute
from dealwright.compensation.ledger.models import Posting
from dealwright.compensation.periods.models import PayPeriod
from dealwright.contracts.agreements.models import Contract
from dealwright.contracts.clauses.models import Clause
from dealwright.crm.models import Account, Opportunity
from dealwright.intelligence.tracking.models import Touchpoint
from dealwright.signing.documents.geometry import Box
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.public_forms.models import SigningForm
from dealwright.site.demo import fill_empty_company as fill_or_say_so
from dealwright.site.demo.company import fill_empty_company


@pytest.mark.django_db(transaction=True)  # nothing around it, as from the command line
@pytest.mark.slow
def test_the_demo_company_has_a_past_in_every_room():
    made = fill_empty_company()
    assert User.objects.get(email=made.emails[0]).check_password(made.password)
    assert set(Contract.objects.values_list("status", flat=True)) >= {
        "draft", "in_approval", "approved", "signing", "executed", "terminated",
    }  # fmt: skip
    assert set(Envelope.objects.values_list("status", flat=True)) >= {
        "draft", "sent", "declined", "completed",
    }  # fmt: skip
    form = SigningForm.objects.get(is_active=True)
    placed = [(each["role"], each["kind"]) for each in form.template.fields]
    assert sorted(placed) == [
        (1, "date_signed"), (1, "signature"), (1, "text"), (2, "date_signed"), (2, "signature"),
    ]  # fmt: skip
    boxes = [Box(*(each[key] for key in "xywh")) for each in form.template.fields]
    assert not any(_overlap(one, other) for one, other in combinations(boxes, 2))
    assert Clause.objects.filter(edition=2).exists()
    states = [period.state for period in PayPeriod.objects.order_by("number")]
    assert states == ["closed"] * 4 + ["in_approval", "calculated"]
    assert sum(Posting.objects.values_list("amount", flat=True)) == 0
    assert Dispute.objects.count() == Adjustment.objects.count() == 1
    assert Touchpoint.objects.filter(opportunity__status="won", is_marketing=True).exists()
    assert not Opportunity.objects.filter(status="won", closed_at=None).exists()
    assert not EventDelivery.open.exists()
    assert all(chain.ok for chain in verify_all())
    with pytest.raises(Conflict):
        fill_empty_company()


def _overlap(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.w
        and other.x < one.x + one.w
        and one.y < other.y + other.h
        and other.y < one.y + one.h
    )


@pytest.mark.django_db
def test_a_start_with_the_demo_leaves_records_that_are_there_alone(capsys):
    make_account(name="Ours")
    fill_or_say_so()
    assert capsys.readouterr().err == (
        "The demo company is not added, because there are records already.\n"
    )
    assert Account.objects.get().name == "Ours"
