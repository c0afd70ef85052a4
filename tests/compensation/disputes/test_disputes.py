"""Questions from a line, with what they are about, a file and a deadline; adjustments in one
step, by two people."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from compensation.make import book, make_payee, make_plan, owed
from compensation.statements.test_pages import see, send, signed_in
from dealwright.base.errors import Invalid, NotAllowed, NotFound
from dealwright.base.messaging.models import Notice
from dealwright.base.people.models import Profile, User
from dealwright.compensation.calculation.models import RunLine
from dealwright.compensation.disputes.models import Adjustment, Dispute
from dealwright.compensation.disputes.services import (
    answer_dispute,
    open_dispute,
    propose_adjustment,
    tell_overdue,
)
from make import acting, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> User:
    ann = make_payee(make_plan(), "Ann Agent")
    book(1500, (ann, "1"), title="Big deal")
    return ann


@pytest.fixture
def line(ann: User) -> RunLine:
    return RunLine.objects.filter(payee=ann, payout=35).get()


@pytest.fixture
def finance() -> User:
    return make_user("Fay Finance", profile=Profile.FINANCE)


def about(line: RunLine) -> dict[str, Any]:
    return {
        "payee_id": line.payee_id,
        "period_id": line.posted_period_id,
        "plan_id": line.plan_id,
        "component": line.component,
    }


def address(line: RunLine, what: str) -> str:
    return (
        f"/compensation/{what}/new?payee={line.payee_id}&period={line.posted_period_id}"
        f"&plan={line.plan_id}&component={line.component}&line={line.pk}"
    )


def upload(content: bytes = b"%PDF-1.4 order", name: str = "order.txt") -> Any:
    return SimpleUploadedFile(name, content, content_type="text/plain")


def test_a_line_is_questioned_with_a_category_and_a_file(
    ann: User, line: RunLine, finance: User
) -> None:
    client = signed_in(ann)
    detail = see(client, f"/compensation/lines/{line.pk}")
    ask = address(line, "disputes")
    assert ask.replace("&", "&amp;") in detail and "adjustments/new" not in detail
    assert "500 EUR above 1,000 EUR at 7% is 35 EUR." in see(client, ask)
    send(client, ask, body="The split was 100 %", category="split", file=upload(b"the order"))
    dispute = Dispute.objects.get()
    assert (dispute.line, dispute.category) == (line, "split")
    assert dispute.due_on == timezone.localdate() + timedelta(days=10)
    message = dispute.messages.get()
    assert message.file is not None
    for user in (ann, finance):
        page = see(signed_in(user), f"/compensation/disputes/{dispute.pk}")
        assert "order.txt" in page and "Split or credit" in page
        assert signed_in(user).get(f"/files/{message.file_id}").status_code == 200
    for user in (make_user(), make_user(profile=Profile.LEGAL)):
        assert signed_in(user).get(f"/files/{message.file_id}").status_code == 404
        see(signed_in(user), f"/compensation/disputes/{dispute.pk}", 404)
    send(signed_in(finance), f"/compensation/disputes/{dispute.pk}", body="See", file=upload(b"x"))
    assert dispute.messages.filter(file__isnull=False).count() == 2


def test_bad_questions_are_refused(ann: User, line: RunLine) -> None:
    actor = acting(ann)
    with pytest.raises(Invalid, match="Choose what it is about"):
        open_dispute(actor, **about(line), body="x", category="weather")
    with pytest.raises(NotFound):
        open_dispute(acting(make_user()), **about(line), body="x")
    other = make_payee(line.plan, "Otto")
    with pytest.raises(NotFound):
        open_dispute(
            acting(other), **about(line) | {"payee_id": other.pk}, body="x", line_id=line.pk
        )
    client = signed_in(ann)
    program = upload(b"MZ\x90\x00" + b"\x00" * 200, "tool.exe")
    send(client, address(line, "disputes"), 422, body="x", category="other", file=program)
    assert not Dispute.objects.exists()


def test_a_question_nobody_answered_is_overdue_and_told(
    ann: User, line: RunLine, finance: User
) -> None:
    today = timezone.localdate()
    dispute = open_dispute(acting(ann), **about(line), body="x", today=today - timedelta(days=11))
    answered = open_dispute(acting(ann), **about(line), body="y", today=today - timedelta(days=11))
    answer_dispute(acting(finance), answered.pk, "Looking into it")
    dispute.refresh_from_db()
    answered.refresh_from_db()
    assert (dispute.is_overdue, answered.is_overdue) == (True, False)
    assert see(signed_in(finance), "/compensation/disputes").count("Overdue") == 1
    assert "Overdue" in see(signed_in(ann), f"/compensation/disputes/{dispute.pk}")
    assert tell_overdue(today) == 1
    assert tell_overdue(today + timedelta(days=1)) == 0
    said = Notice.objects.filter(user=finance, title__contains="overdue").get()
    assert "Ann Agent" in said.title


def test_a_line_is_adjusted_in_one_step_and_approved_by_another(
    ann: User, line: RunLine, finance: User
) -> None:
    client = signed_in(finance)
    form = address(line, "adjustments")
    assert form.replace("&", "&amp;") in see(client, f"/compensation/lines/{line.pk}")
    assert 'value="-35.00"' in see(client, form)
    send(
        client, form, component="commission", amount="-35.00", category="refund", reason="Refunded"
    )
    row = Adjustment.objects.get()
    assert (row.line, row.category, row.amount) == (line, "refund", Decimal(-35))
    assert owed(ann, "2027-01") == "85.00"
    decide = f"/compensation/adjustments/{row.pk}/approve"
    send(client, decide, 403)  # not the one who proposed it
    send(signed_in(ann), decide, 403)
    listed = see(client, "/compensation/disputes")
    assert decide not in listed and "Refund or clawback timing" in listed
    other = make_user("Finn", profile=Profile.FINANCE)
    assert decide in see(signed_in(other), "/compensation/disputes")
    send(signed_in(other), decide)
    assert owed(ann, "2027-01") == "50.00"
    send(signed_in(other), decide, 409)


def test_who_may_not_adjust(ann: User, line: RunLine, finance: User) -> None:
    manager = make_user(profile=Profile.MANAGER)
    for user in (ann, manager):
        with pytest.raises(NotAllowed):
            propose_adjustment(acting(user), **about(line), amount=Decimal(1), reason="x")
        assert signed_in(user).get(address(line, "adjustments")).status_code in (403, 404)
    with pytest.raises(Invalid) as refused:
        propose_adjustment(acting(finance), **about(line), amount=Decimal("0.001"), reason=" ")
    assert set(refused.value.fields) == {"amount", "reason"}
    paid_finance = make_payee(line.plan, "Fred", profile=Profile.FINANCE)
    with pytest.raises(NotAllowed, match="their own pay"):
        propose_adjustment(
            acting(paid_finance),
            **about(line) | {"payee_id": paid_finance.pk},
            amount=Decimal(1),
            reason="x",
        )
    assert date(2027, 1, 31) == line.posted_period.ends_on
