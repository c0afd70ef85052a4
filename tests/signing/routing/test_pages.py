"""Routing through the front doors: the sender's pages, the recipient's, settings and the API."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dealwright.base.people.models import User
from dealwright.base.people.tokens import create_token
from dealwright.signing.ceremonies import services as ceremonies
from dealwright.signing.delegation.models import Delegation
from dealwright.signing.envelopes.models import Envelope, Recipient
from dealwright.signing.fields.models import EnvelopeField
from dealwright.signing.groups.models import SigningGroup
from make import acting, make_administrator, make_user
from signing.make import make_envelope, make_sent_envelope, recipient_of, token_of

from .act import act, field, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def rep(client: Client) -> User:
    user = make_user()
    client.force_login(user)
    return user


def in_days(days: int) -> str:
    return (timezone.now() + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")


def agree(client: Client, recipient: Recipient) -> str:
    """Open the link in this browser and agree; answers the address."""
    from dealwright.signing.consent.services import current_consent

    address = f"/sign/{token_of(recipient)}"
    client.get(address)
    client.post(f"{address}/consent", {"agree": "on", "consent": str(current_consent().pk)})
    return address


class TestTheSender:
    def test_a_draft_is_scheduled_and_taken_back(self, client: Client, rep: User) -> None:
        envelope = make_envelope(acting(rep))
        address = f"/envelopes/{envelope.pk}/schedule"
        assert client.post(address, {"send_at": "soon"}).status_code == 422
        client.post(address, {"send_at": in_days(2)})
        envelope.refresh_from_db()
        assert envelope.status == "scheduled"
        assert "Do not send it by itself" in client.get(address).content.decode()
        client.post(f"/envelopes/{envelope.pk}/unschedule")
        envelope.refresh_from_db()
        assert envelope.status == "draft"

    def test_it_is_corrected_on_one_page(self, client: Client, rep: User) -> None:
        envelope = make_sent_envelope(acting(rep))
        ada, grace = recipient_of(envelope, "Ada"), recipient_of(envelope, "Grace")
        address = f"/envelopes/{envelope.pk}/correct"
        assert "ada@buyer.test" in client.get(address).content.decode()
        form = {
            f"{ada.pk}.name": "Anna", f"{ada.pk}.email": "anna@buyer.test",
            f"{ada.pk}.order": "1", f"{ada.pk}.role": "signer", "remove": [str(grace.pk)],
            "message": "Sorry.", "remind_every": "7", "may_reassign": "on",
            "expires_at": in_days(20), "new1.name": "Nora", "new1.email": "nora@x.test",
            "new1.role": "signer", "new1.order": "2", "new1.page": "1:1", "new1.x": "50",
            "new1.y": "50",
        }  # fmt: skip
        answer = client.post(address, {**form, "new1.x": "500"})
        assert answer.status_code == 422
        assert "Give 0 to 100 percent of the page." in answer.content.decode()
        assert client.post(address, form).status_code == 303
        envelope.refresh_from_db()
        assert (envelope.message, envelope.remind_every_days) == ("Sorry.", 7)
        assert recipient_of(envelope, "Anna").status == "sent"
        assert recipient_of(envelope, "Nora").fields.get().kind == "signature"
        page = client.get(envelope.url).content.decode()
        for words in ("Handed on", "Not needed", "Now: Anna"):
            assert words in page

    def test_extend_resend_and_reassign(self, client: Client, rep: User) -> None:
        envelope = make_sent_envelope(acting(rep))
        ada = recipient_of(envelope, "Ada")
        client.post(f"/envelopes/{envelope.pk}/extend", {"expires_at": in_days(50)})
        envelope.refresh_from_db()
        assert envelope.expires_at is not None
        assert envelope.expires_at > timezone.now() + timedelta(days=49)
        before = token_of(ada)
        client.post(f"/envelopes/{envelope.pk}/resend/{ada.pk}")
        assert token_of(ada) != before
        address = f"/envelopes/{envelope.pk}/reassign/{ada.pk}"
        assert client.post(address, {"name": "Bob", "email": "bob"}).status_code == 422
        client.post(address, {"name": "Bob", "email": "bob@x.test", "reason": "left"})
        assert recipient_of(envelope, "Bob").status == "sent"

    def test_the_form_takes_every_kind_of_recipient(self, client: Client, rep: User) -> None:
        from signing.envelopes.test_sender_pages import form

        host = make_user("Henry Host")
        given = form(
            name=["Eddie", "Ada", "Wanda", "Paula", ""],
            email=["e@x.test", "a@x.test", "w@x.test", "", ""],
            role=["editor", "signer", "witness", "in_person_signer", "approver"],
            order=["1", "2", "2", "3", "4"],
            host=["", "", "", str(host.pk), ""],
            witness_of=["", "", "2", "", ""],
            named_by=["", "", "", "", "2"],
            condition=["", "", "", "", "vip"],
            group=[""] * 5,
        )
        answer = client.post("/send-for-signature", given)
        assert answer.status_code == 303, answer.content.decode()
        envelope = Envelope.objects.get()
        wanda = recipient_of(envelope, "Wanda")
        assert wanda.witness_of == recipient_of(envelope, "Ada")
        assert recipient_of(envelope, "Paula").host == host
        answer = client.post("/send-for-signature", {**given, "witness_of": ["", "", "9", "", ""]})
        assert answer.status_code == 422
        assert "must witness somebody who signs" in answer.content.decode()


class TestTheRecipient:
    def test_the_part_is_assigned_to_someone_else(self, client: Client) -> None:
        envelope = make_sent_envelope(recipients=[person("Ada")], fields=[field(1)])
        address = agree(client, recipient_of(envelope, "Ada"))
        assert f"{address}/assign" in client.get(address).content.decode()
        assert client.post(f"{address}/assign", {"name": "Bob"}).status_code == 422
        client.post(
            f"{address}/assign", {"name": "Bob", "email": "bob@x.test", "reason": "On leave"}
        )
        assert "No longer yours" in client.get(address).content.decode()
        assert recipient_of(envelope, "Bob").status == "sent"

    def test_where_it_is_forbidden_it_is_not_offered(self, client: Client) -> None:
        envelope = make_sent_envelope(recipients=[person("Ada")], may_reassign=False)
        address = agree(client, recipient_of(envelope, "Ada"))
        assert "/assign" not in client.get(address).content.decode()
        given = {"name": "Bob", "email": "bob@x.test", "reason": "x"}
        assert client.post(f"{address}/assign", given).status_code == 422
        assert envelope.recipients.count() == 1

    def test_the_next_person_is_named(self, client: Client) -> None:
        envelope = make_sent_envelope(
            recipients=[
                person("Ada", role="approver"),
                person("", named_by=1, order=2, role="approver"),
            ]
        )
        address = agree(client, recipient_of(envelope, "Ada"))
        row = recipient_of(envelope, "Named by")
        assert f"{address}/next/{row.pk}" in client.get(f"{address}/review").content.decode()
        assert client.post(f"{address}/sign", {"agree": "on"}).status_code == 422
        client.post(f"{address}/next/{row.pk}", {"name": "Grace", "email": "grace@x.test"})
        client.post(f"{address}/sign", {"agree": "on"})
        assert recipient_of(envelope, "Grace").status == "sent"

    def test_an_editor_has_a_page_of_their_own(self, client: Client) -> None:
        envelope = make_sent_envelope(
            recipients=[person("Eddie", role="editor"), person("Ada", order=2)],
            fields=[field(2)],
        )
        ada = recipient_of(envelope, "Ada")
        place = EnvelopeField.objects.get(recipient=ada)
        address = agree(client, recipient_of(envelope, "Eddie"))
        assert client.get(address).headers["Location"] == f"{address}/edit"
        assert "ada@people.test" in client.get(f"{address}/edit").content.decode()
        given = {
            f"people.{ada.pk}.name": "Ada King", f"people.{ada.pk}.email": "ada@people.test",
            f"fields.{place.pk}.x": "40", f"fields.{place.pk}.y": "20", "then": "review",
        }  # fmt: skip
        wrong = client.post(f"{address}/edit", {**given, f"fields.{place.pk}.x": "x"})
        assert wrong.status_code == 422
        assert client.post(f"{address}/edit", given).headers["Location"] == f"{address}/review"
        client.post(f"{address}/sign", {"agree": "on"})
        place.refresh_from_db()
        ada.refresh_from_db()
        assert (place.x, ada.name, ada.status) == (0.4, "Ada King", "sent")

    def test_the_host_is_signed_out_before_the_device_is_handed_over(self, client: Client) -> None:
        host = make_user("Henry Host")
        envelope = make_sent_envelope(
            recipients=[person("Paula", email="", role="in_person_signer", host=host.pk)],
            fields=[field(1)],
        )
        paula = recipient_of(envelope, "Paula")
        address = f"/envelopes/{envelope.pk}/host/{paula.pk}"
        client.force_login(make_user())
        assert client.get(address).status_code == 404
        client.force_login(host)
        assert "Hand this device to Paula" in client.get(address).content.decode()
        answer = client.post(address, {"checked": "Identity card"})
        link = answer.headers["Location"]
        assert link.startswith("/sign/")
        assert "_auth_user_id" not in client.session
        assert client.get("/envelopes").status_code == 302
        assert "Agree and continue" in client.get(link).content.decode()


class TestSettings:
    def test_groups_are_kept_under_settings(self, client: Client) -> None:
        client.force_login(make_administrator())
        lou = make_user("Lou")
        given = {
            "name": "Legal", "users": [str(lou.pk)], "member_name": ["Lea", ""],
            "member_email": ["lea@legal.test", ""],
        }  # fmt: skip
        client.post("/settings/signing-groups/new", given)
        group = SigningGroup.objects.get()
        assert group.members.count() == 2
        address = f"/settings/signing-groups/{group.pk}"
        assert "lea@legal.test" in client.get(address).content.decode()
        assert client.post(address, {**given, "users": [], "member_name": []}).status_code == 422
        client.post(f"{address}/retire")
        assert "Retired" in client.get("/settings/signing-groups").content.decode()
        client.force_login(lou)
        assert client.get("/settings/signing-groups").status_code == 403

    def test_a_stand_in_is_named_under_ones_own_settings(self, client: Client, rep: User) -> None:
        day = timezone.now().date().isoformat()
        given = {"to_name": "Stan", "to_email": "s@x.test", "starts_on": day, "ends_on": day}
        assert client.post("/settings/delegation", {**given, "ends_on": "x"}).status_code == 422
        client.post("/settings/delegation", {**given, "email": "somebody@else.test"})
        made = Delegation.objects.get()
        assert made.email == rep.email
        assert "s@x.test" in client.get("/settings/delegation").content.decode()
        client.post(f"/settings/delegation/{made.pk}/end")
        made.refresh_from_db()
        assert made.ended_at is not None


class TestApi:
    def call(self, user: User, method: str, path: str, body: Any = None, **headers: str) -> Any:
        token = create_token(acting(user), name="t", scopes=["signing:read", "signing:write"])
        return Client().generic(
            method,
            f"/api/v1{path}",
            data=b"" if body is None else json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {token.secret}", **headers},
        )

    def test_correct_reassign_resend_and_schedule(self) -> None:
        user = make_user()
        envelope = make_sent_envelope(acting(user))
        ada = recipient_of(envelope, "Ada")
        base = f"/envelopes/{envelope.pk}"
        key = {"Idempotency-Key": "one"}
        change = {"recipients": [{"id": str(ada.pk), "email": "new@buyer.test"}]}
        first = self.call(user, "POST", f"{base}/correct", change, **key)
        assert first.status_code == 200, first.content
        states = {each["email"]: each["status"] for each in first.json()["recipients"]}
        assert (states["ada@buyer.test"], states["new@buyer.test"]) == ("reassigned", "sent")
        new = Recipient.objects.get(email="new@buyer.test")
        answer = self.call(
            user, "POST", f"{base}/recipients/{new.pk}/reassign",
            {"name": "Bob", "email": "bob@x.test"},
        )  # fmt: skip
        assert answer.status_code == 200
        bob = recipient_of(envelope, "Bob")
        assert self.call(user, "POST", f"{base}/resend", {}).status_code == 200
        one = self.call(user, "POST", f"{base}/resend", {"recipient_id": str(bob.pk)})
        assert one.status_code == 200
        assert self.call(user, "POST", f"{base}/correct", {}).status_code == 422
        draft = make_envelope(acting(user))
        at = {"send_at": in_days(2) + "Z"}
        answer = self.call(user, "POST", f"/envelopes/{draft.pk}/schedule", at)
        assert answer.json()["status"] == "scheduled"
        answer = self.call(user, "POST", f"/envelopes/{draft.pk}/unschedule")
        assert answer.json()["status"] == "draft"

    def test_groups_and_delegations(self) -> None:
        administrator = make_administrator()
        body = {"name": "Legal", "members": [{"name": "Lea", "email": "lea@legal.test"}]}
        made = self.call(administrator, "POST", "/signing-groups", body).json()
        assert made["members"][0]["email"] == "lea@legal.test"
        path = f"/signing-groups/{made['id']}"
        assert (
            self.call(administrator, "PUT", path, {**body, "name": "Law"}).json()["name"] == "Law"
        )
        assert self.call(administrator, "POST", f"{path}/retire").json()["retired_at"]
        assert len(self.call(administrator, "GET", "/signing-groups").json()) == 1
        assert self.call(make_user(), "POST", "/signing-groups", body).status_code == 403
        day = timezone.now().date().isoformat()
        body = {"to_name": "S", "to_email": "s@x.test", "starts_on": day, "ends_on": day}
        user = make_user()
        made = self.call(user, "POST", "/delegations", body).json()
        assert [each["id"] for each in self.call(user, "GET", "/delegations").json()] == [
            made["id"]
        ]
        assert self.call(user, "POST", f"/delegations/{made['id']}/end").json()["ended_at"]


def test_the_certificate_and_the_seal_know_all_roles(client: Client) -> None:
    host = make_user("Henry Host")
    envelope = make_sent_envelope(
        recipients=[
            person("Ada"),
            person("Wanda", role="witness", witness_of=1),
            person("Legal", role="approver", order=2, condition="vip"),
            person("Paula", email="", role="in_person_signer", host=host.pk, order=3),
        ],
        fields=[
            field(1), field(2, y=0.4), field(1, "checkbox", y=0.6, label="VIP", required=False),
            field(4, y=0.8),
        ],
    )  # fmt: skip
    from dealwright.base.jobs.running import run_jobs
    from dealwright.signing.ceremonies import adopting, filling, in_person
    from dealwright.signing.ceremonies.steps import open_ceremony
    from dealwright.signing.consent.services import current_consent
    from signing.make import a_visit

    act(recipient_of(envelope, "Ada"))
    act(recipient_of(envelope, "Wanda"))
    assert recipient_of(envelope, "Legal").status == "skipped"
    paula, visit = recipient_of(envelope, "Paula"), a_visit()
    token = in_person.hand_device(acting(host), envelope.pk, paula.pk, checked="Known", visit=visit)
    ceremonies.give_consent(open_ceremony(token, visit), current_consent().pk)
    adopting.adopt_signature(open_ceremony(token, visit), text="Paula")
    filling.fill_field(open_ceremony(token, visit), paula.fields.get().pk, "on")
    ceremonies.sign(open_ceremony(token, visit))
    run_jobs()
    envelope.refresh_from_db()
    assert envelope.status == "completed"
