"""Scores are sums of reasons."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from crm.make import make_account, make_contact, make_lead
from dealwright.base.access.actor import system
from dealwright.base.errors import Invalid, NotAllowed
from dealwright.intelligence.scoring.models import LeadScore, Scorecard
from dealwright.intelligence.scoring.rules import STARTER_GRADES
from dealwright.intelligence.scoring.services import (
    save_scorecard,
    score_lead,
    simulate_scorecard,
)
from make import acting, make_administrator, make_user

ROBOT = system("test")


@pytest.mark.django_db
def test_it_gives_points_with_reasons_that_sum_to_the_score():
    account = make_account(name="Northwind", employees=500)
    contact = make_contact(
        first_name="Jane", last_name="Doe", email="jane@northwind.test", job_title="Head of Sales",
        account=account.pk,
    )  # fmt: skip
    lead = make_lead(contact=contact.pk, account=account.pk, source="referral")

    detail = score_lead(ROBOT, lead.pk)

    assert {reason["key"]: reason["points"] for reason in detail.reasons} == {
        "business_address": 20,
        "title": 15,
        "referral": 25,
        "large": 20,
    }
    assert (detail.score, detail.grade) == (80, "A")
    lead.refresh_from_db()
    assert (lead.score, lead.grade) == (80, "A")


@pytest.mark.django_db
def test_scoring_twice_changes_nothing():
    lead = make_lead()
    score_lead(ROBOT, lead.pk)
    lead.refresh_from_db()
    version = lead.version
    score_lead(ROBOT, lead.pk)
    lead.refresh_from_db()
    assert lead.version == version


@pytest.mark.django_db
def test_a_new_version_is_tried_before_it_is_in_force():
    boss = make_administrator()
    lead = make_lead(source="referral")
    score_lead(ROBOT, lead.pk)
    referred = {"field": "source", "op": "is", "value": "referral"}
    rules = [{"reason": "Referred", "points": "70", "filter": referred}]
    effect = simulate_scorecard(acting(boss), rules, STARTER_GRADES)
    assert effect.leads == 1
    assert effect.after == {"A": 1}
    assert Scorecard.objects.get(is_active=True).version == 1

    save_scorecard(acting(boss), rules, STARTER_GRADES)
    assert Scorecard.objects.get(is_active=True).version == 2
    assert score_lead(ROBOT, lead.pk).score == 70


@pytest.mark.django_db
def test_wrong_rules_are_named():
    boss = make_administrator()
    with pytest.raises(Invalid) as caught:
        save_scorecard(
            acting(boss),
            [
                {"reason": "", "points": 5, "filter": {}},
                {"reason": "Many", "points": "lots", "filter": {}},
                {"reason": "Odd", "points": 1, "filter": {"field": "x", "op": "is", "value": 1}},
            ],
            STARTER_GRADES,
        )  # fmt: skip
    assert sorted(caught.value.fields) == ["rules.1.reason", "rules.2.points", "rules.3.filter"]
    assert Scorecard.objects.count() == 0


@pytest.mark.django_db
def test_reps_may_not_change_the_scorecard():
    with pytest.raises(NotAllowed):
        save_scorecard(acting(make_user()), [], STARTER_GRADES)


class ScoreIsTheSumOfItsReasons(TestCase):
    @settings(max_examples=25, deadline=None)
    @given(points=st.lists(st.integers(-1000, 1000), min_size=1, max_size=8))
    def test_for_any_points(self, points):
        boss = make_administrator()
        lead = make_lead()
        rules = [{"reason": f"Rule {n}", "points": p, "filter": {}} for n, p in enumerate(points)]
        save_scorecard(acting(boss), rules, STARTER_GRADES)
        detail = score_lead(ROBOT, lead.pk)
        assert detail.score == sum(points) == sum(r["points"] for r in detail.reasons)
        assert LeadScore.objects.get(lead=lead).score == sum(points)
