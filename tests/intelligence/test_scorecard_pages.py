"""The scorecard's page: rules in words, tried before they count, refused by name, kept as typed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from crm.make import make_contact, make_lead
from dealwright.base.people.models import Profile
from dealwright.intelligence.scoring.models import Scorecard
from dealwright.intelligence.scoring.services import active_scorecard
from make import make_user

pytestmark = pytest.mark.django_db

REFERRED = {"field": "source", "op": "is", "value": "referral"}


def browser(profile: str) -> Client:
    client = Client()
    client.force_login(make_user(profile=profile))
    return client


def typed(*rules: dict[str, Any], **more: str) -> dict[str, str]:
    """What the form sends for these rules and the grades A from 60, B from 20, C."""
    sent = {f"grades.{n}.letter": letter for n, letter in enumerate("ABC", 1)}
    sent |= {"grades.1.least": "60", "grades.2.least": "20", "grades.3.least": "-100000"}
    for number, rule in enumerate(rules, 1):
        for key, value in rule.items():
            text = json.dumps(value) if isinstance(value, dict) else value
            sent[f"rules.{number}.{key}"] = text
    return sent | more


def test_each_rule_is_a_sentence_with_how_many_leads_match_and_their_list():
    make_lead(source="referral")
    make_lead(source="referral")
    make_lead(source="phone")
    text = browser(Profile.MANAGER).get("/scorecard").content.decode()
    assert "Source is one of Referral, Partner" in text
    assert "2 leads now" in text
    assert "/leads?filter=%7B%22field%22" in text
    assert "<textarea" not in text


def test_the_number_is_that_of_the_list():
    make_lead(source="referral")
    client = browser(Profile.MANAGER)
    answer = client.post(
        "/leads/filter-sentence?count=1", json.dumps(REFERRED), content_type="application/json"
    ).json()
    assert answer["sentence"] == "Source is Referral"
    assert answer["matching"] == "1 lead now"
    assert client.get(answer["url"]).content.decode().count('data-id="') == 1


def test_it_is_tried_on_all_and_on_one_lead_before_it_is_in_force():
    contact = make_contact(first_name="Rita", last_name="Referred")
    lead = make_lead(contact=contact.pk, source="referral")
    client = browser(Profile.MANAGER)
    rule = {"reason": "Referred", "points": "70", "filter": REFERRED}
    text = client.post(
        "/scorecard", typed(rule, lead=str(lead.pk), **{"try": "1"})
    ).content.decode()
    assert "Leads tried: 1." in text
    assert "then 70, grade A" in text
    assert "Now 25, grade C" in text
    assert Scorecard.objects.count() == 1

    client.post("/scorecard", typed(rule, save="1"))
    lead.refresh_from_db()
    assert (lead.score, lead.grade) == (70, "A")
    card = active_scorecard()
    assert (card.version, card.rules[0]["filter"]) == (2, REFERRED)
    assert card.grades == [["A", 60], ["B", 20], ["C", -100000]]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"points": "lots"}, "Rule 2: points are a whole number from -1000 to 1000."),
        ({"points": ""}, "Rule 2: points are a whole number from -1000 to 1000."),
        ({"reason": ""}, "Rule 2: say the reason in words."),
        ({"reason": "x" * 201}, "Rule 2: the reason has at most 200 characters."),
        ({"filter": "{"}, "Rule 2: The condition cannot be read. Build it again."),
        ({"filter": "[1]"}, "Rule 2: The condition cannot be read. Build it again."),
        ({"filter": '{"field": "shoe", "op": "is", "value": 1}'}, "shoe"),
    ],
)
def test_a_wrong_rule_is_named_and_everything_typed_is_kept(wrong, sentence):
    first = {"reason": "Was sent by a friend", "points": "33", "filter": REFERRED}
    second = {"reason": "Second", "points": "5", "filter": REFERRED} | wrong
    answer = browser(Profile.MANAGER).post("/scorecard", typed(first, second, save="1"))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in text
    assert 'value="Was sent by a friend"' in text
    assert 'value="33"' in text
    assert not Scorecard.objects.filter(version=2).exists()


@pytest.mark.parametrize(
    ("grades", "sentence"),
    [
        ({"grades.2.least": "some"}, "Grade B: the least score is a whole number."),
        ({"grades.2.least": "60"}, "Grade B begins below 60, where A begins."),
    ],
)
def test_grades_go_down(grades, sentence):
    rule = {"reason": "Referred", "points": "70", "filter": REFERRED}
    answer = browser(Profile.MANAGER).post("/scorecard", typed(rule, save="1", **grades))
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_a_lead_that_one_may_not_see_is_no_preview():
    rule = {"reason": "Referred", "points": "70", "filter": REFERRED}
    strange = "01900000-0000-7000-8000-000000000000"
    answer = browser(Profile.MANAGER).post("/scorecard", typed(rule, lead=strange))
    assert answer.status_code == 422
    assert "does not exist, or you may not see it" in answer.content.decode()


def test_a_rep_reads_the_rules_and_may_not_change_them():
    client = browser(Profile.REP)
    text = client.get("/scorecard").content.decode()
    assert "Was referred to us" in text
    assert 'name="save"' not in text
    rule = {"reason": "Mine", "points": "900", "filter": {}}
    client.post("/scorecard", typed(rule, save="1"))
    assert not Scorecard.objects.filter(version=2).exists()
