"""Whatever people do: turns keep their order, and an envelope comes to an end."""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Conflict, DealwrightError, Invalid
from dealwright.signing.ceremonies import reassigning
from dealwright.signing.ceremonies import services as ceremonies
from dealwright.signing.ceremonies.steps import Step
from dealwright.signing.envelopes.correcting import (
    Correction,
    RecipientChange,
    correct_envelope,
    reassign_recipient,
)
from dealwright.signing.envelopes.drafts import NewDocument
from dealwright.signing.envelopes.models import Envelope, Recipient
from dealwright.signing.envelopes.services import remind_recipients
from dealwright.signing.groups.services import Member, save_group
from make import acting, make_administrator, make_user
from signing.make import enter, make_pdf, make_sent_envelope

from .act import act, field, person, ready

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

PDF = make_pdf("The order.")
PARTS = st.lists(
    st.tuples(
        st.sampled_from(["approver", "viewer", "cc", "group"]),
        st.integers(1, 4),
        st.sampled_from(["", "special", "not special"]),
    ),
    min_size=1,
    max_size=4,
)
ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["act", "act", "act", "too_early", "hand_on", "reassign", "remove", "add", "order",
             "remind"]
        ),
        st.integers(0, 9),
        st.booleans(),
    ),
    min_size=3,
    max_size=9,
)  # fmt: skip


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(parts=PARTS, acts=ACTS)
def test_whatever_is_done_turns_keep_their_order(
    db: None, parts: list[tuple[str, int, str]], acts: list[tuple[str, int, bool]]
) -> None:
    with transaction.atomic():
        sender = acting(make_user())
        envelope = _sent(sender, parts)
        _check(envelope)
        for number, (what, at, yes) in enumerate(acts):
            envelope.refresh_from_db()
            if not envelope.is_open:
                break
            _do(sender, envelope, what, at, yes, number)
            _check(envelope)
        _finish(envelope)
        transaction.set_rollback(True)


def _sent(sender: Actor, parts: list[tuple[str, int, str]]) -> Envelope:
    administrator = acting(make_administrator())
    people = [person("First Signer", order=1)]
    for number, (role, order, condition) in enumerate(parts):
        # What depends on the signer's box comes after it.
        order = max(order, 2) if condition else order
        if role == "group":
            group = save_group(
                administrator,
                name=f"Legal {number}",
                members=[Member(name=f"L{number}{n}", email=f"l{number}{n}@l.test") for n in "ab"],
            )
            people.append(
                person("", role="approver", order=order, condition=condition, group=group.pk)
            )
        else:
            people.append(person(f"P{number}", role=role, order=order, condition=condition))
    return make_sent_envelope(
        sender,
        documents=[NewDocument(name="Order.pdf", content=PDF)],
        recipients=people,
        fields=[
            field(1),
            field(1, "checkbox", y=0.4, label="Special", required=False),
        ],
    )


def _do(sender: Actor, envelope: Envelope, what: str, at: int, yes: bool, number: int) -> None:
    rows = list(envelope.recipients.all())
    chosen = rows[at % len(rows)]
    invited = _invited(envelope)
    with suppress(DealwrightError):  # a refusal must leave everything as it was
        match what:
            case "act":
                act(invited[at % len(invited)], Special="on" if yes else "")
            case "too_early":
                if chosen.token_hash and chosen not in invited:
                    with pytest.raises((Conflict, Invalid)):
                        ceremonies.sign(enter(chosen))
            case "hand_on":
                one = invited[at % len(invited)]
                reassigning.reassign(
                    enter(one), name="Stand In", email=f"in{number}@x.test", reason="away"
                )
            case "reassign":
                reassign_recipient(
                    sender, envelope.pk, chosen.pk, name="Other", email=f"o{number}@x.test"
                )
            case "remove":
                correct_envelope(sender, envelope.pk, Correction(removed=[chosen.pk]))
            case "add":
                added = person(f"Late {number}", role="viewer", order=1 + at % 5)
                correct_envelope(sender, envelope.pk, Correction(added=[added]))
            case "order":
                change = RecipientChange(id=chosen.pk, order=1 + (at + number) % 5)
                correct_envelope(sender, envelope.pk, Correction(recipients=[change]))
            case "remind":
                remind_recipients(sender, envelope.pk)


def _invited(envelope: Envelope) -> list[Recipient]:
    found = [
        each
        for each in envelope.recipients.all()
        if each.acts and not each.is_done and each.sent_at and not each.is_group
    ]
    return found


def _check(envelope: Envelope) -> None:
    envelope.refresh_from_db()
    rows = list(envelope.recipients.all())
    waiting = [each for each in rows if each.acts and not each.is_done]
    assert (envelope.signed_at is not None) == (not waiting)
    if waiting:
        first = min(each.order for each in waiting)
        asked = [each for each in waiting if each.sent_at is not None]
        assert asked, "somebody is waited for, and nobody was asked"
        assert {each.order for each in asked} == {first}
        assert all(each.sent_at for each in waiting if each.order == first)
    for each in rows:
        if each.skipped_at or each.reassigned_at:
            assert each.signed_at is None
            assert each.skipped_at is None or each.reassigned_at is None
            # Nothing of theirs can hold up the seal.
            assert not each.fields.filter(required=True).exists()
        if each.token_hash and each.reassigned_at:
            assert enter(each).step == Step.CLOSED
        if each.member_of is not None and (taker := each.member_of.reassigned_to) is not None:
            while taker.reassigned_to is not None:
                taker = taker.reassigned_to
            assert each.is_done or each == taker


def _finish(envelope: Envelope) -> None:
    """Everyone who is asked acts: it ends after finitely many acts."""
    acted = 0
    while envelope.is_open and (invited := _invited(envelope)):
        act(invited[0])
        _check(envelope)
        acted += 1
        assert acted < 20
    assert envelope.signed_at is not None


def test_a_part_is_done_by_one_of_a_group_alone(db: None) -> None:
    sender = acting(make_user())
    envelope = _sent(sender, [("group", 1, "")])
    one, other = Recipient.objects.filter(envelope=envelope, member_of__isnull=False)
    ready(one)
    other.refresh_from_db()
    assert other.status == "skipped"
    assert enter(other).step == Step.CLOSED
