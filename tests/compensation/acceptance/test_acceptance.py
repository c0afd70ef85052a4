"""Each payee accepts the plan by signature: asked, opened, sealed, superseded, paid or held."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pypdfium2
import pytest

from compensation.holds.test_holds import held, payable
from compensation.make import TEST, TIERS, book, make_payee, make_plan
from compensation.statements.test_pages import see, send, signed_in, statement_address
from compensation.test_api import Caller
from dealwright.base.errors import Invalid, NotAllowed
from dealwright.base.people.models import Profile, User
from dealwright.base.people.pay import may_see_pay
from dealwright.compensation.acceptance.models import PlanAcceptance
from dealwright.compensation.acceptance.queries import (
    acceptance_rows,
    document_of,
    is_of_this_text,
)
from dealwright.compensation.acceptance.services import (
    ask_for_acceptance,
    remind_payees,
    set_pay_after_acceptance,
)
from dealwright.compensation.holds.models import Hold
from dealwright.compensation.plans.models import CompensationPlan, PlanVersion
from dealwright.compensation.plans.services import activate_version, write_version
from dealwright.signing.ceremonies import services as ceremonies
from dealwright.signing.envelopes.contents import file_content
from dealwright.signing.envelopes.models import Recipient
from make import acting, make_user
from signing.make import enter, sign_all
from stories.make import settle

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def finance() -> User:
    return make_user("Fay Finance", profile=Profile.FINANCE)


@pytest.fixture
def plan() -> CompensationPlan:
    return make_plan()


def version_of(plan: CompensationPlan, number: int = 1) -> PlanVersion:
    return plan.versions.get(number=number)


def state(payee: User, plan: CompensationPlan, number: int = 1) -> str:
    rows = acceptance_rows(TEST, version_of(plan, number))
    return {row.payee.pk: row.state for row in rows}[payee.pk]


def recipient(asked: PlanAcceptance) -> Recipient:
    return Recipient.objects.get(envelope_id=asked.envelope_id)


def sign(asked: PlanAcceptance) -> None:
    sign_all(recipient(asked))
    settle()
    asked.refresh_from_db()


def words_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    text = " ".join(page.get_textpage().get_text_range() for page in document)
    return " ".join(text.split())


def test_a_payee_reads_signs_and_has_accepted(plan: CompensationPlan, finance: User) -> None:
    ann = make_payee(plan, "Ann Agent", salary=Decimal(60000), target=Decimal(24000))
    assert state(ann, plan) == "not_sent"
    (asked,) = ask_for_acceptance(acting(finance), version_of(plan).pk)
    assert state(ann, plan) == "sent"
    said = words_of(file_content(document_of(asked)))
    version = version_of(plan)
    for words in ("Ann Agent", "€60,000.00", "€24,000.00", "1,000.00", version.hash, "5% up to"):
        assert words in said
    ceremonies.view_envelope(enter(recipient(asked)))
    settle()
    assert state(ann, plan) == "viewed"
    sign(asked)
    assert state(ann, plan) == "accepted"
    assert asked.version_hash == version.hash and is_of_this_text(asked)
    sealed = document_of(asked)
    assert asked.envelope.documents.get().sealed_sha256 == asked.sealed_sha256
    assert version.hash in words_of(file_content(sealed))
    assert ask_for_acceptance(acting(finance), version.pk) == []  # nobody is asked twice
    book(1500, (ann, "1"))
    shown = see(signed_in(ann), statement_address(ann))
    assert "You accepted version 1 on" in shown
    assert f"/compensation/acceptances/{asked.pk}/document.pdf" in shown


def test_who_declines_is_shown_and_can_be_asked_again(
    plan: CompensationPlan, finance: User
) -> None:
    ann = make_payee(plan, "Ann")
    (asked,) = ask_for_acceptance(acting(finance), version_of(plan).pk)
    assert remind_payees(acting(finance), version_of(plan).pk) == 1
    ceremonies.decline(enter(recipient(asked)), reason="The quota is too high")
    settle()
    asked.refresh_from_db()
    assert (state(ann, plan), asked.ended_reason) == ("declined", "The quota is too high")
    assert remind_payees(acting(finance), version_of(plan).pk) == 0
    (again,) = ask_for_acceptance(acting(finance), version_of(plan).pk)
    sign(again)
    assert state(ann, plan) == "accepted"


def test_a_new_version_supersedes_and_asks_anew(plan: CompensationPlan, finance: User) -> None:
    ann, bob = make_payee(plan, "Ann"), make_payee(plan, "Bob")
    cem = make_payee(plan, "Cem")
    first, second = ask_for_acceptance(acting(finance), version_of(plan).pk, [ann.pk, bob.pk])
    sign(first)
    draft = write_version(
        acting(finance), plan.pk, f"plan: {plan.key}\n{TIERS.strip()}".replace("5%", "6%")
    )
    activate_version(acting(finance), draft.pk, date(2027, 7, 1))
    settle()
    for row in (first, second):
        row.refresh_from_db()
    assert (first.state, second.state) == ("superseded", "superseded")
    assert first.accepted_at is not None
    assert second.envelope.status == "voided"
    assert [state(each, plan, 2) for each in (ann, bob, cem)] == ["sent", "sent", "not_sent"]
    asked = PlanAcceptance.objects.get(payee=ann, version=draft)
    assert "6% up to" in words_of(file_content(document_of(asked)))
    assert asked.envelope.owner == finance


def test_a_draft_that_is_rewritten_is_asked_for_anew(plan: CompensationPlan, finance: User) -> None:
    ann = make_payee(plan, "Ann")
    text = f"plan: {plan.key}\n{TIERS.strip()}"
    draft = write_version(acting(finance), plan.pk, text.replace("5%", "6%"))
    (asked,) = ask_for_acceptance(acting(finance), draft.pk)
    write_version(acting(finance), plan.pk, text.replace("5%", "6.5%"))
    settle()
    asked.refresh_from_db()
    assert asked.state == "superseded" and not is_of_this_text(asked)
    assert state(ann, plan, 2) == "sent"


def test_pay_waits_for_acceptance_where_the_plan_says_so(
    plan: CompensationPlan, finance: User
) -> None:
    ann, bob = make_payee(plan, "Ann"), make_payee(plan, "Bob")
    book(1500, (ann, "1"))
    set_pay_after_acceptance(acting(finance), plan.pk, True)
    assert (held(ann), payable(ann)) == ("85.00", "0.00")
    book(200, (bob, "1"))
    assert (held(bob), payable(bob)) == ("10.00", "0.00")
    cem = make_payee(plan, "Cem")  # put on the plan later
    book(100, (cem, "1"))
    assert held(cem) == "5.00"
    assert Hold.objects.filter(payee=ann).get().reason.startswith("Version 1 of")
    asked = {each.payee: each for each in ask_for_acceptance(acting(finance), version_of(plan).pk)}
    sign(asked[ann])
    assert (held(ann), payable(ann)) == ("0.00", "85.00")
    assert (held(bob), payable(bob)) == ("10.00", "0.00")
    assert Hold.objects.get(payee=ann).release_reason == "Version 1 is accepted."
    book(100, (ann, "1"), on=date(2027, 1, 20))
    assert held(ann) == "0.00"
    set_pay_after_acceptance(acting(finance), plan.pk, False)
    assert (held(bob), payable(bob), held(cem)) == ("0.00", "10.00", "0.00")


def test_only_who_may_see_the_pay_sees_the_document(plan: CompensationPlan, finance: User) -> None:
    manager = make_user("Mia", profile=Profile.MANAGER)
    ann = make_payee(plan, "Ann", manager=manager)
    otto = make_payee(plan, "Otto")
    (asked,) = ask_for_acceptance(acting(finance), version_of(plan).pk, [ann.pk])
    address = f"/compensation/acceptances/{asked.pk}/document.pdf"
    stranger = make_user("Stan")
    for user in (ann, manager, finance, otto, stranger):
        status = 200 if may_see_pay(user, ann) else 404
        assert signed_in(user).get(address).status_code == status, user
    base = f"/compensation/plans/{plan.pk}"
    page = see(signed_in(manager), f"{base}/acceptance")
    assert "Ann" in page and "Otto" not in page and "Hold pay until accepted" not in page
    assert "0 of 1 accepted" in see(signed_in(ann), f"{base}/acceptance/card")
    see(signed_in(stranger), f"{base}/acceptance", 404)
    for user in (ann, manager, stranger):
        client = signed_in(user)
        send(client, f"{base}/versions/1/ask", 403)
        send(client, f"{base}/versions/1/remind", 403)
        send(client, f"{base}/acceptance/policy", 403, required="on")
        see(client, f"{base}/versions/1/document/{otto.pk}", 403)
        with pytest.raises(NotAllowed):
            ask_for_acceptance(acting(user), version_of(plan).pk)
        with pytest.raises(NotAllowed):
            set_pay_after_acceptance(acting(user), plan.pk, True)


def test_finance_asks_reminds_and_sets_the_policy_in_the_browser(
    plan: CompensationPlan, finance: User
) -> None:
    client = signed_in(finance)
    base = f"/compensation/plans/{plan.pk}"
    assert "Nobody is on this version" in see(client, f"{base}/acceptance")
    refused = send(client, f"{base}/versions/1/ask", 303)
    assert refused.startswith("/jobs/")
    ann, bob = make_payee(plan, "Ann"), make_payee(plan, "Bob")
    assert client.get(f"{base}/versions/1/document/{ann.pk}").content.startswith(b"%PDF-")
    send(client, f"{base}/versions/1/ask", payee=str(ann.pk))
    assert (state(ann, plan), state(bob, plan)) == ("sent", "not_sent")
    assert send(client, f"{base}/versions/1/ask").startswith("/jobs/")
    settle()
    assert state(bob, plan) == "sent"
    send(client, f"{base}/versions/1/remind")
    asked = PlanAcceptance.objects.get(payee=ann)
    send(client, f"{base}/versions/1/remind", acceptance=str(asked.pk))
    page = see(client, f"{base}/acceptance?version=1")
    assert "0 of 2 accepted" in page and "Equal" in page
    send(client, f"{base}/acceptance/policy", required="on")
    plan.refresh_from_db()
    assert plan.pay_after_acceptance
    see(client, f"{base}/acceptance?version=x", 404)
    see(client, f"{base}/acceptance?version=9", 404)
    send(client, f"{base}/versions/9/ask", 404)


def test_acceptance_over_the_api(plan: CompensationPlan, finance: User) -> None:
    ann = make_payee(plan, "Ann")
    call = Caller(finance)
    path = f"/plans/{plan.pk}/versions/1/acceptances"
    assert [row["state"] for row in call("GET", path)] == ["not_sent"]
    (made,) = call("POST", path, {})
    assert (made["payee_id"], made["state"]) == (str(ann.pk), "sent")
    assert made["version_hash"] == version_of(plan).hash
    assert call("POST", path, {}) == []
    assert call("PUT", f"/plans/{plan.pk}/pay-after-acceptance", {"required": True})["required"]
    reader = Caller(ann)
    assert [row["payee"] for row in reader("GET", path)] == ["Ann"]
    reader("POST", path, {}, 403)
    reader("PUT", f"/plans/{plan.pk}/pay-after-acceptance", {"required": False}, 403)
    empty = make_plan()
    with pytest.raises(Invalid, match="Nobody is on this plan"):
        ask_for_acceptance(TEST, version_of(empty).pk)
