"""What a scorecard is made of, checked before it is kept, and the one everybody begins with."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dealwright.base.errors import Invalid
from dealwright.base.objects.filters import compile_filter
from dealwright.base.objects.registry import object_type

MOST_RULES = 60
MOST_POINTS = 1000
LONGEST_REASON = 200
LOWEST_SCORE = -100_000  # below what the most rules could take away

STARTER_RULES: list[dict[str, Any]] = [
    {
        "key": "business_address",
        "reason": "Writes from a company's own domain",
        "points": 20,
        "filter": {"field": "account", "op": "not_empty"},
    },
    {
        "key": "phone",
        "reason": "Left a phone number",
        "points": 10,
        "filter": {"field": "contact.phone", "op": "not_empty"},
    },
    {
        "key": "title",
        "reason": "Decides or heads a department",
        "points": 15,
        "filter": {
            "any": [
                {"field": "contact.job_title", "op": "contains", "value": word}
                for word in ("chief", "head", "director", "president", "owner", "founder", "vp")
            ]
        },
    },
    {
        "key": "message",
        "reason": "Asked something of their own",
        "points": 10,
        "filter": {"field": "message", "op": "not_empty"},
    },
    {
        "key": "paid",
        "reason": "Came through paid search or a campaign",
        "points": 10,
        "filter": {
            "any": [
                {"field": "utm_medium", "op": "in", "value": ["cpc", "ppc", "paid"]},
                {"field": "utm_campaign", "op": "not_empty"},
            ]
        },
    },
    {
        "key": "referral",
        "reason": "Was referred to us",
        "points": 25,
        "filter": {"field": "source", "op": "in", "value": ["referral", "partner"]},
    },
    {
        "key": "large",
        "reason": "The company has 200 people or more",
        "points": 20,
        "filter": {"field": "account.employees", "op": "gte", "value": 200},
    },
    {
        "key": "customer",
        "reason": "The company is a customer already",
        "points": 15,
        "filter": {"field": "account.kind", "op": "is", "value": "customer"},
    },
    {
        "key": "no_name",
        "reason": "Gave no name",
        "points": -10,
        "filter": {
            "all": [
                {"field": "contact.first_name", "op": "empty"},
                {"field": "contact.last_name", "op": "empty"},
            ]
        },
    },
]
STARTER_GRADES = [["A", 60], ["B", 40], ["C", 20], ["D", LOWEST_SCORE]]


def check_rules(rules: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rules as they are kept; raises Invalid with every wrong place, as ``rules.2.points``."""
    if len(rules) > MOST_RULES:
        raise Invalid(f"A scorecard may have at most {MOST_RULES} rules.")
    lead = object_type("lead")
    checked: list[dict[str, Any]] = []
    wrong: dict[str, list[str]] = {}
    keys: set[str] = set()
    for number, rule in enumerate(rules, 1):
        place = f"rules.{number}."
        reason = str(rule.get("reason", "")).strip()
        points = str(rule.get("points", "")).strip()
        if not reason:
            wrong[place + "reason"] = [f"Rule {number}: say the reason in words."]
        elif len(reason) > LONGEST_REASON:
            sentence = f"Rule {number}: the reason has at most {LONGEST_REASON} characters."
            wrong[place + "reason"] = [sentence]
        if not re.fullmatch(r"[+-]?[0-9]{1,6}", points) or abs(int(points)) > MOST_POINTS:
            wrong[place + "points"] = [
                f"Rule {number}: points are a whole number from -{MOST_POINTS} to {MOST_POINTS}."
            ]
        try:
            compile_filter(lead, rule.get("filter") or {})
        except Invalid as error:
            wrong[place + "filter"] = [f"Rule {number}: {error.message}"]
        key = str(rule.get("key") or "")[:60]
        if not key or key in keys:
            free = (f"rule_{n}" for n in range(number, 2 * MOST_RULES + 1))
            key = next(each for each in free if each not in keys)
        keys.add(key)
        if not wrong:
            checked.append(
                {
                    "key": key,
                    "reason": reason,
                    "points": int(points),
                    "filter": rule.get("filter") or {},
                }
            )
    if wrong:
        raise Invalid("Some rules are not right yet.", fields=wrong)
    return checked


def check_grades(grades: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Grades as they are kept, the best first; raises Invalid as ``grades.2.least``. The last
    one takes whatever is below the others."""
    checked: list[list[Any]] = []
    for number, (letter, least) in enumerate(grades, 1):
        text = str(least).strip()
        sentence = ""
        if number < len(grades):
            if not re.fullmatch(r"[+-]?[0-9]{1,6}", text):
                sentence = f"Grade {letter}: the least score is a whole number."
            elif checked and int(text) >= checked[-1][1]:
                above, above_least = checked[-1]
                sentence = f"Grade {letter} begins below {above_least}, where {above} begins."
        if sentence:
            raise Invalid(sentence, fields={f"grades.{number}.least": [sentence]})
        checked.append([str(letter)[:2], int(text) if number < len(grades) else LOWEST_SCORE])
    if not checked:
        raise Invalid("A scorecard needs at least one grade.")
    return checked
