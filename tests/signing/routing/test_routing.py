"""Roles, conditions, groups, naming, schedules, corrections, handing over, mail that comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Conflict, Invalid, NotAllowed, NotFound
from dealwright.base.events.delivery import deliver_pending
from dealwright.base.events.models import OutboxEvent
from dealwright.base.evidence.models import EvidenceEntry
from dealwright.base.jobs.running import run_jobs
from dealwright.base.messaging.delivery import note_bounce
from dealwright.base.messaging.models import Notice, OutboundMessage
from dealwright.signing.ceremonies import editing, in_person, naming, reassigning
from dealwright.signing.ceremonies import services as ceremonies
from dealwright.signing.ceremonies.steps import Step
from dealwright.signing.delegation.services import delegate, end_delegation, stand_in_for
from dealwright.signing.envelopes import jobs
from dealwright.signing.envelopes.correcting import (
    AddedField,
    Correction,
    RecipientChange,
    correct_envelope,
    extend_envelope,
    reassign_recipient,
)
from dealwright.signing.envelopes.drafts import Reminders
from dealwright.signing.envelopes.models import Envelope, Recipient
from dealwright.signing.envelopes.scheduling import schedule_envelope, unschedule_envelope
from dealwright.signing.envelopes.services import resend_invitation, send_envelope
from dealwright.signing.evidence.models import EvidenceDetail
from dealwright.signing.evidence.services import verify_envelope
from dealwright.signing.groups.services import Member, retire_group, save_group
from make import acting, make_administrator, make_user
from signing.make import a_visit, enter, make_envelope, make_sent_envelope, recipient_of

from .act import act, field, person, ready

pytestmark = pytest.mark.django_db


@pytest.fixture
def sender() -> Actor:
    return acting(make_user())


def events(name: str) -> list[dict[str, Any]]:
    return [each.payload for each in OutboxEvent.objects.filter(name=name).order_by("seq")]


def mails(address: str) -> list[str]:
    rows = OutboundMessage.objects.filter(to=address).order_by("id")
    return list(rows.values_list("subject", flat=True))


def let_due(envelope: Envelope, column: str) -> None:
    Envelope.objects.filter(pk=envelope.pk).update(**{column: timezone.now()})


class TestConditions:
    def sent(self, sender: Actor, condition: str) -> Envelope:
        return make_sent_envelope(
            sender,
            recipients=[
                person("Ada"),
                person("Legal", role="approver", order=2, condition=condition),
                person("Grace", role="viewer", order=3),
            ],
            fields=[
                field(1),
                field(1, "checkbox", y=0.4, label="Special terms?", required=False),
                field(1, "text", y=0.6, label="Region", required=False),
            ],
        )

    @pytest.mark.parametrize(
        ("condition", "values", "asked"),
        [
            ("special_terms", {"Special terms?": "on"}, "Legal"),
            ("special_terms", {}, "Grace"),
            ("region = 'EU' and not special_terms", {"Region": "EU"}, "Legal"),
            ("region = 'EU'", {}, "Grace"),
        ],
    )
    def test_what_was_filled_in_decides_who_is_asked(
        self, sender: Actor, condition: str, values: dict[str, str], asked: str
    ) -> None:
        envelope = self.sent(sender, condition)
        act(recipient_of(envelope, "Ada"), **values)
        assert recipient_of(envelope, asked).status == "sent"
        legal = recipient_of(envelope, "Legal")
        if asked == "Grace":
            assert legal.status == "skipped"
            entry = EvidenceEntry.objects.get(kind="recipient.skipped")
            assert entry.payload["because"] == f"the condition does not hold: {condition}"

    @pytest.mark.parametrize(
        ("condition", "words"),
        [
            ("region =", "cannot be understood"),
            ("region > 5", "cannot be understood"),
            ("colour = 'red'", "asks for “colour”"),
            ("'EU'", "cannot be understood"),
        ],
    )
    def test_a_condition_that_cannot_be_asked_is_refused(
        self, sender: Actor, condition: str, words: str
    ) -> None:
        with pytest.raises(Invalid, match=words) as refused:
            self.sent(sender, condition)
        assert "recipients.2" in refused.value.fields

    def test_somebody_must_be_asked_in_any_case(self, sender: Actor) -> None:
        with pytest.raises(Invalid, match="under no condition"):
            make_envelope(sender, recipients=[person("Ada", condition="x = 'y'")])


class TestGroups:
    def group(self, name: str = "Legal") -> Any:
        people = [Member(name="Lea", email="lea@legal.test"), Member(user_id=make_user("Lou").pk)]
        return save_group(acting(make_administrator()), name=name, members=people)

    def test_whoever_acts_first_does_it_for_all(self, sender: Actor) -> None:
        group = self.group()
        envelope = make_sent_envelope(
            sender, recipients=[person("", group=group.pk)], fields=[field(1)]
        )
        lea, lou = recipient_of(envelope, "Lea"), recipient_of(envelope, "Lou")
        assert enter(lea).step == enter(lou).step == Step.CONSENT
        act(lea)
        lou.refresh_from_db()
        envelope.refresh_from_db()
        assert (lea.status, lou.status, envelope.status) == ("signed", "skipped", "sealing")
        assert enter(lou).step == Step.CLOSED
        assert mails(lou.email)[-1] == "No longer needed: Order form"
        run_jobs()
        envelope.refresh_from_db()
        assert envelope.status == "completed"
        assert mails(lou.email)[-1] == "No longer needed: Order form"
        assert verify_envelope(envelope).ok

    def test_who_keeps_them_and_what_they_are(self, sender: Actor) -> None:
        with pytest.raises(NotAllowed):
            save_group(sender, name="Mine", members=[Member(name="A", email="a@x.test")])
        administrator = acting(make_administrator())
        twice = [Member(name="A", email="a@x.test"), Member(name="B", email="A@x.test")]
        for members, words in (
            ([], "1 to 50"), (twice, "twice"), ([Member(name="A", email="a@")], "not an e-mail"),
        ):  # fmt: skip
            with pytest.raises(Invalid, match=words):
                save_group(administrator, name="Bad", members=members)
        group = self.group()
        with pytest.raises(Invalid, match="of this name"):
            self.group("legal")
        retire_group(administrator, group.pk)
        with pytest.raises(Invalid, match="no such signing group"):
            make_envelope(sender, recipients=[person("", group=group.pk)])


class TestNaming:
    def test_the_one_before_says_who_comes_next(self, sender: Actor) -> None:
        envelope = make_sent_envelope(
            sender,
            recipients=[person("Ada", role="approver"), person("", named_by=1, order=2)],
            fields=[field(2), field(2, "name", y=0.4)],
        )
        ada = recipient_of(envelope, "Ada")
        open_row = recipient_of(envelope, "Named by")
        ceremony = ready(ada)
        with pytest.raises(Invalid, match="who comes after you"):
            ceremonies.sign(ceremony)
        with pytest.raises(Invalid, match="act yourself"):
            naming.name_next(ceremony, open_row.pk, name="Ada", email=ada.email)
        naming.name_next(ceremony, open_row.pk, name="Grace Hopper", email="grace@x.test")
        ceremonies.sign(ceremony)
        grace = recipient_of(envelope, "Grace")
        assert grace.status == "sent"
        assert grace.fields.get(kind="name").value == "Grace Hopper"
        act(grace)
        assert grace.status == "signed"


class TestWitness:
    def envelope(self, sender: Actor) -> Envelope:
        return make_sent_envelope(
            sender,
            recipients=[person("Ada"), person("Wanda", role="witness", witness_of=1)],
            fields=[field(1), field(2, y=0.5)],
        )

    def test_it_comes_after_whom_it_saw_and_names_them(self, sender: Actor) -> None:
        envelope = self.envelope(sender)
        ada, wanda = recipient_of(envelope, "Ada"), recipient_of(envelope, "Wanda")
        assert wanda.status == "waiting"
        act(ada)
        act(wanda)
        entry = EvidenceEntry.objects.filter(kind="recipient.signed").latest("seq")
        assert entry.payload["witness_of"] == str(ada.pk)
        assert "saw signer 1 sign" in entry.payload["intent"]
        detail = EvidenceDetail.objects.filter(kind="recipient.signed").latest("seq")
        assert detail.details["witnessed"] == "Ada, ada@people.test"
        run_jobs()
        envelope.refresh_from_db()
        assert envelope.status == "completed"

    def test_nobody_witnesses_themselves(self, sender: Actor) -> None:
        ada = recipient_of(self.envelope(sender), "Ada")
        with pytest.raises(Invalid, match="own signature"):
            reassign_recipient(
                sender, ada.envelope_id, ada.pk, name="Wanda", email="wanda@people.test"
            )
        with pytest.raises(Invalid, match="own signature"):
            wanda = person("W", email="ada@people.test", role="witness", witness_of=1)
            make_envelope(sender, recipients=[person("Ada"), wanda])


class TestInPerson:
    def test_the_host_hands_over_and_stands_in_the_evidence(self, sender: Actor) -> None:
        host = make_user("Henry Host")
        envelope = make_sent_envelope(
            sender,
            recipients=[person("Paula", email="", role="in_person_signer", host=host.pk)],
            fields=[field(1)],
        )
        paula = recipient_of(envelope, "Paula")
        assert "signs with you in person" in mails(host.email)[0]
        with pytest.raises(NotFound):
            in_person.hand_device(sender, envelope.pk, paula.pk, checked="ID", visit=a_visit())
        with pytest.raises(Invalid, match="how you know"):
            in_person.hand_device(acting(host), envelope.pk, paula.pk, checked=" ", visit=a_visit())
        in_person.hand_device(
            acting(host), envelope.pk, paula.pk, checked="Identity card", visit=a_visit()
        )
        entry = EvidenceEntry.objects.get(kind="recipient.hosted")
        assert entry.payload["host"] == str(host.pk)
        detail = EvidenceDetail.objects.get(kind="recipient.hosted")
        assert detail.details["checked"] == "Identity card"

    def test_a_host_is_asked_for(self, sender: Actor) -> None:
        with pytest.raises(Invalid, match="has a host"):
            make_envelope(sender, recipients=[person("P", role="in_person_signer")])
        with pytest.raises(Invalid, match="has a host"):
            make_envelope(sender, recipients=[person("P", host=make_user().pk)])


class TestEditor:
    def test_an_editor_puts_right_who_and_where(self, sender: Actor) -> None:
        envelope = make_sent_envelope(
            sender,
            recipients=[person("Eddie", role="editor"), person("Ada", order=2)],
            fields=[field(2), field(2, "text", y=0.4, label="PO"), field(2, "name", y=0.6)],
        )
        ada = recipient_of(envelope, "Ada")
        place, text = ada.fields.get(kind="signature"), ada.fields.get(kind="text")
        ceremony = ready(recipient_of(envelope, "Eddie"))
        people = {str(ada.pk): {"name": "Ada King", "email": "ada.king@x.test"}}
        fields = {str(place.pk): {"x": "30", "y": "50"}, str(text.pk): {"value": "4711"}}
        for wrong in ({str(place.pk): {"x": "95"}}, {str(place.pk): {"y": "nan"}}):
            with pytest.raises(Invalid):
                editing.edit(ceremony, people={}, fields=wrong)
        eddie = recipient_of(envelope, "Eddie")
        with pytest.raises(Invalid, match="not yours"):
            editing.edit(ceremony, people={str(eddie.pk): {"name": "X"}}, fields={})
        editing.edit(ceremony, people=people, fields=fields)
        ceremonies.sign(ceremony)
        ada.refresh_from_db()
        assert (ada.name, ada.status) == ("Ada King", "sent")
        place.refresh_from_db()
        assert (place.x, place.y) == (0.3, 0.5)
        assert ada.fields.get(kind="text").value == "4711"
        assert ada.fields.get(kind="name").value == "Ada King"
        assert events("envelope.corrected")[0]["changed"] == ["recipients", "fields"]


class TestSchedule:
    def test_it_is_sent_when_the_time_has_come(self, sender: Actor) -> None:
        envelope = make_envelope(sender)
        at = timezone.now() + timedelta(days=2)
        assert schedule_envelope(sender, envelope.pk, send_at=at).send_at == at
        envelope.refresh_from_db()
        assert envelope.status == "scheduled"
        assert jobs.send_due() == 0
        let_due(envelope, "send_at")
        assert jobs.send_due() == 1
        assert jobs.send_due() == 0
        envelope.refresh_from_db()
        assert (envelope.status, envelope.send_at) == ("sent", None)

    def test_it_can_be_taken_back(self, sender: Actor) -> None:
        envelope = make_envelope(sender)
        schedule_envelope(sender, envelope.pk, send_at=timezone.now() + timedelta(days=2))
        unschedule_envelope(sender, envelope.pk)
        envelope.refresh_from_db()
        assert envelope.status == "draft"
        with pytest.raises(Conflict):
            unschedule_envelope(sender, envelope.pk)

    @pytest.mark.parametrize("days", [-1, 40, 400])
    def test_a_time_that_cannot_be_is_refused(self, sender: Actor, days: int) -> None:
        envelope = make_envelope(sender)
        with pytest.raises(Invalid) as refused:
            schedule_envelope(sender, envelope.pk, send_at=timezone.now() + timedelta(days=days))
        assert "send_at" in refused.value.fields

    def test_what_cannot_be_sent_is_told_to_the_sender(self, sender: Actor) -> None:
        envelope = make_envelope(sender)
        schedule_envelope(sender, envelope.pk, send_at=timezone.now() + timedelta(days=2))
        let_due(envelope, "send_at")
        let_due(envelope, "expires_at")
        jobs.send_due()
        envelope.refresh_from_db()
        assert envelope.status == "draft"
        assert Notice.objects.get().title == "Order form was not sent as planned"


class TestRemindersAndExpiry:
    def test_first_after_then_every_and_at_most(self, sender: Actor) -> None:
        envelope = make_sent_envelope(
            sender, remind_first_days=1, remind_every_days=5, remind_most=2
        )
        assert envelope.remind_at is not None
        waits = (envelope.remind_at - timezone.now()).total_seconds() / 86_400
        assert waits == pytest.approx(1, abs=0.01)
        for _ in range(3):
            let_due(envelope, "remind_at")
            jobs.remind_due()
        envelope.refresh_from_db()
        assert (envelope.reminders_sent, envelope.remind_at) == (2, None)
        assert len(events("recipient.reminded")) == 2

    def test_the_next_turn_counts_its_own_reminders(self, sender: Actor) -> None:
        envelope = make_sent_envelope(
            sender,
            recipients=[person("Ada", role="approver"), person("Bob", role="approver", order=2)],
            remind_most=1,
        )
        let_due(envelope, "remind_at")
        jobs.remind_due()
        act(recipient_of(envelope, "Ada"))
        envelope.refresh_from_db()
        assert envelope.reminders_sent == 0
        assert envelope.remind_at is not None

    def test_everyone_is_warned_once_before_it_expires(self, sender: Actor) -> None:
        envelope = make_sent_envelope(sender, warn_days=5)
        assert envelope.warn_at == envelope.expires_at - timedelta(days=5)  # type: ignore[operator]
        let_due(envelope, "warn_at")
        jobs.warn_due()
        assert jobs.warn_due() == 0
        assert len(events("envelope.expiring")) == 1
        assert mails("ada@buyer.test")[-1] == "Expires soon: Order form"
        assert enter(recipient_of(envelope, "Ada")).step == Step.CONSENT
        assert "grace@seller.test" not in OutboundMessage.objects.values_list("to", flat=True)

    def test_more_time_can_be_given(self, sender: Actor) -> None:
        envelope = make_sent_envelope(sender)
        until = timezone.now() + timedelta(days=90)
        extend_envelope(sender, envelope.pk, expires_at=until)
        envelope.refresh_from_db()
        assert (envelope.expires_at, envelope.warn_at) == (until, until - timedelta(days=3))
        assert events("envelope.corrected")[0]["changed"] == ["expires_at"]

    def test_who_was_waited_for_is_told_of_in_an_event(self, sender: Actor) -> None:
        envelope = make_sent_envelope(sender)
        let_due(envelope, "expires_at")
        jobs.expire_due()
        assert len(events("recipient.expired")) == 2
        assert recipient_of(envelope, "Ada").status == "expired"

    @pytest.mark.parametrize(
        "wrong", [{"remind_every_days": 0}, {"remind_first_days": 31}, {"remind_most": 0},
                  {"warn_days": 99}],
    )  # fmt: skip
    def test_days_that_cannot_be_are_refused(self, sender: Actor, wrong: dict[str, int]) -> None:
        with pytest.raises(Invalid) as refused:
            make_envelope(sender, **wrong)
        assert set(refused.value.fields) == set(wrong)


class TestCorrecting:
    def test_another_person_takes_the_place_and_the_old_link_dies(self, sender: Actor) -> None:
        envelope = make_sent_envelope(sender)
        ada = recipient_of(envelope, "Ada")
        change = RecipientChange(id=ada.pk, name="Anna Berg", email="anna@buyer.test")
        correct_envelope(sender, envelope.pk, Correction(recipients=[change], message="Anew."))
        ada.refresh_from_db()
        anna = recipient_of(envelope, "Anna")
        assert (ada.status, anna.status, ada.reassigned_to) == ("reassigned", "sent", anna)
        assert enter(ada).step == Step.CLOSED
        assert not ada.fields.exists()
        assert anna.fields.count() == 2
        detail = EvidenceDetail.objects.get(kind="envelope.corrected")
        assert detail.details["before"]["message"] == ""
        assert detail.details["after"]["message"] == "Anew."
        assert verify_envelope(envelope).ok

    def test_people_and_fields_come_and_go(self, sender: Actor) -> None:
        envelope = make_sent_envelope(sender, recipients=[person("Ada"), person("Grace", order=2)])
        ada, grace = recipient_of(envelope, "Ada"), recipient_of(envelope, "Grace")
        box = field(1).box
        correct_envelope(
            sender,
            envelope.pk,
            Correction(
                added=[person("Rae"), person("Vic", role="viewer", order=3)],
                fields=[AddedField(added=1, kind="signature", box=box),
                        AddedField(recipient_id=ada.pk, kind="text", box=box, label="PO")],
                removed=[grace.pk],
            ),
        )  # fmt: skip
        assert [recipient_of(envelope, name).status for name in ("Rae", "Vic", "Grace")] == [
            "sent", "waiting", "skipped",
        ]  # fmt: skip
        assert ada.fields.filter(label="PO").exists()
        for name in ("Rae", "Ada", "Vic"):
            act(recipient_of(envelope, name), PO="1")
        run_jobs()
        envelope.refresh_from_db()
        assert envelope.status == "completed"

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"order": 1}, "turn of order 2"),
            ({"order": 101}, "1 to 100"),
            ({"role": "witness"}, "role can only change"),
            ({"email": "grace at"}, "not an e-mail"),
            ({"name": " "}, "Give a name"),
        ],
    )
    def test_what_cannot_be_corrected_is_said(
        self, sender: Actor, change: dict[str, Any], words: str
    ) -> None:
        envelope = self.half_signed(sender)
        grace = recipient_of(envelope, "Grace")
        with pytest.raises(Invalid, match=words):
            changes = [RecipientChange(id=grace.pk, **change)]
            correct_envelope(sender, envelope.pk, Correction(recipients=changes))

    def test_what_somebody_signed_stays(self, sender: Actor) -> None:
        envelope = self.half_signed(sender)
        ada = recipient_of(envelope, "Ada")
        for wrong in (
            Correction(recipients=[RecipientChange(id=ada.pk, name="X")]),
            Correction(removed=[ada.pk]),
            Correction(removed_fields=[ada.fields.first().pk]),
            Correction(fields=[AddedField(recipient_id=ada.pk, kind="text", box=field(1).box)]),
        ):
            with pytest.raises(Conflict, match="has acted already"):
                correct_envelope(sender, envelope.pk, wrong)

    def test_a_signer_needs_a_place_and_somebody_must_be_left(self, sender: Actor) -> None:
        envelope = make_sent_envelope(sender)
        rows = list(envelope.recipients.all())
        for wrong, words in (
            (Correction(added=[person("Rae")]), "no place to sign"),
            (Correction(removed=[each.pk for each in rows]), "Nobody would be left"),
            (Correction(), "Nothing was changed"),
            (Correction(added=[person("W", role="editor")]), "Add people who"),
            (Correction(reminders=Reminders(every=99)), "1 to 30 days"),
        ):
            with pytest.raises(Invalid, match=words):
                correct_envelope(sender, envelope.pk, wrong)

    def test_only_who_may_change_it_and_only_while_it_is_out(self, sender: Actor) -> None:
        draft = make_envelope(sender)
        with pytest.raises(Conflict, match="out for signature"):
            correct_envelope(sender, draft.pk, Correction(message="x"))
        send_envelope(sender, draft.pk)
        with pytest.raises((NotFound, NotAllowed)):
            correct_envelope(acting(make_user()), draft.pk, Correction(message="x"))

    def half_signed(self, sender: Actor) -> Envelope:
        envelope = make_sent_envelope(
            sender, recipients=[person("Ada"), person("Grace", order=2)], fields=[field(1)]
        )
        act(recipient_of(envelope, "Ada"))
        return envelope


class TestHandingOn:
    def test_a_recipient_assigns_to_someone_else(self, sender: Actor) -> None:
        envelope = make_sent_envelope(
            sender,
            recipients=[person("Ada"), person("Grace", order=2)],
            fields=[field(1), field(1, "text", y=0.4, label="PO", required=False)],
        )
        ada = recipient_of(envelope, "Ada")
        ceremony = ready(ada)
        with pytest.raises(Invalid, match="Say why"):
            reassigning.reassign(ceremony, name="Bob", email="bob@x.test", reason=" ")
        with pytest.raises(Invalid, match="own address"):
            reassigning.reassign(ceremony, name="Bob", email="ADA@people.test", reason="x")
        reassigning.reassign(ceremony, name="Bob", email="bob@x.test", reason="On leave")
        bob = recipient_of(envelope, "Bob")
        ada.refresh_from_db()
        assert (ada.status, ada.reassigned_to, bob.status) == ("reassigned", bob, "sent")
        assert enter(ada).step == Step.CLOSED
        assert events("recipient.reassigned")[0]["to_recipient"] == str(bob.pk)
        detail = EvidenceDetail.objects.get(kind="recipient.reassigned")
        assert detail.details["reason"] == "On leave"
        assert bob.consented_at is None
        act(bob)
        assert recipient_of(envelope, "Grace").status == "sent"

    def test_the_sender_may_forbid_it(self, sender: Actor) -> None:
        envelope = make_sent_envelope(sender, recipients=[person("Ada")], may_reassign=False)
        with pytest.raises(Conflict, match="from you in person"):
            reassigning.reassign(
                ready(recipient_of(envelope, "Ada")), name="B", email="b@x.test", reason="x"
            )
        reassign_recipient(
            sender, envelope.pk, recipient_of(envelope, "Ada").pk, name="B", email="b@x.test"
        )
        assert recipient_of(envelope, "B").status == "sent"


class TestDelegation:
    def away(self, user: Any, to: str = "stand@in.test", **values: Any) -> Any:
        today = timezone.now().date()
        given = {"starts_on": today, "ends_on": today, "to_name": "Stan In", "to_email": to}
        return delegate(acting(user), **{**given, **values})

    def test_what_comes_goes_to_the_stand_in(self, sender: Actor) -> None:
        boss = make_user("Boss Away", email="boss@house.test")
        made = self.away(boss, reason="Holiday")
        envelope = make_sent_envelope(
            sender, recipients=[person("Boss", email="boss@house.test", role="approver")]
        )
        stan = recipient_of(envelope, "Stan")
        assert (recipient_of(envelope, "Boss").status, stan.status) == ("reassigned", "sent")
        assert mails("boss@house.test") == []
        entry = EvidenceEntry.objects.get(kind="recipient.reassigned")
        assert entry.payload["delegation"] == str(made.pk)
        end_delegation(acting(boss), made.pk)
        assert stand_in_for("boss@house.test") == []

    def test_a_circle_leads_nowhere(self) -> None:
        one = make_user(email="one@house.test")
        two = make_user(email="two@house.test")
        self.away(one, "two@house.test")
        assert [each.to_email for each in stand_in_for("one@house.test")] == ["two@house.test"]
        self.away(two, "one@house.test")
        assert stand_in_for("one@house.test") == []

    def test_what_cannot_be_is_refused(self) -> None:
        user = make_user(email="me@house.test")
        yesterday = timezone.now().date() - timedelta(days=1)
        for wrong in (
            {"to_email": "me@house.test"}, {"to_email": "x"}, {"to_name": ""},
            {"ends_on": yesterday}, {"ends_on": yesterday + timedelta(days=800)},
        ):  # fmt: skip
            with pytest.raises(Invalid):
                self.away(user, **wrong)
        with pytest.raises(NotAllowed):
            self.away(user, email="somebody@else.test")
        made = self.away(user)
        with pytest.raises(Invalid, match="delegated already"):
            self.away(user)
        with pytest.raises(NotFound):
            end_delegation(acting(make_user()), made.pk)


class TestMailThatComesBack:
    def test_the_sender_learns_of_it_and_can_correct_it(self, sender: Actor) -> None:
        envelope = make_sent_envelope(sender)
        ada = recipient_of(envelope, "Ada")
        note_bounce(OutboundMessage.objects.get(to=ada.email), status="550", words="No such user")
        deliver_pending()
        ada.refresh_from_db()
        assert ada.status == "bounced"
        assert len(events("recipient.bounced")) == 1
        notice = Notice.objects.get(user=sender.user)
        assert notice.url == f"/envelopes/{envelope.pk}/correct"
        resend_invitation(sender, envelope.pk, ada.pk)
        ada.refresh_from_db()
        assert ada.status == "sent"

    def test_a_mail_to_somebody_else_says_nothing_of_the_recipient(self, sender: Actor) -> None:
        envelope = make_sent_envelope(sender)
        old = OutboundMessage.objects.get(to="ada@buyer.test")
        ada = recipient_of(envelope, "Ada")
        change = RecipientChange(id=ada.pk, email="new@buyer.test")
        correct_envelope(sender, envelope.pk, Correction(recipients=[change]))
        note_bounce(old, status="550", words="No such user")
        deliver_pending()
        assert Recipient.objects.get(envelope=envelope, email="new@buyer.test").status == "sent"


def test_every_act_is_told_as_an_event(sender: Actor) -> None:
    envelope = make_sent_envelope(
        sender, recipients=[person("Ada"), person("Boss", role="approver", order=2)]
    )
    act(recipient_of(envelope, "Ada"))
    act(recipient_of(envelope, "Boss"))
    told = set(OutboxEvent.objects.values_list("name", flat=True))
    assert told >= {
        "envelope.created", "envelope.sent", "envelope.viewed", "recipient.sent",
        "recipient.viewed", "recipient.consented", "recipient.signed", "recipient.approved",
        "field.completed",
    }  # fmt: skip
