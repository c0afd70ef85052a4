"""What a calculation compares line by line, and what it knows to be the same without."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import date

import pytest

from compensation.make import TEST, book, make_payee, make_plan, owed
from dealwright.compensation.calculation import difference
from dealwright.compensation.calculation.models import CalculationRun, LineDigest, RunLine
from dealwright.compensation.calculation.services import Cause, recalculate_plan
from dealwright.compensation.engine.inputs import Inputs
from dealwright.compensation.ledger.models import Posting
from dealwright.compensation.plans.models import CompensationPlan

pytestmark = pytest.mark.django_db


def calculate_all(plan: CompensationPlan) -> CalculationRun:
    (run,) = recalculate_plan(TEST, plan, since=date(2027, 1, 1), cause=Cause("all"))
    return run


def two_months() -> CompensationPlan:
    plan = make_plan()
    ann, bob = make_payee(plan, "Ann"), make_payee(plan, "Bob")
    book(2000, (ann, "0.7"), (bob, "0.3"), key="first")
    book(500, (ann, "1"), on=date(2027, 2, 10), key="second")
    return plan


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[set[tuple[str, int]]]:
    """Payees and periods whose lines were compared one by one, calculation by calculation."""
    found: list[set[tuple[str, int]]] = []
    load = difference._load_held

    def noted(inputs: Inputs, row: CompensationPlan) -> None:
        found.append({(payee, number) for payee, number in inputs.rows("FROM doubtful")})
        load(inputs, row)

    monkeypatch.setattr(difference, "_load_held", noted)
    return found


def test_what_is_the_same_is_not_compared_again(compared: list[set[tuple[str, int]]]) -> None:
    plan = two_months()
    assert LineDigest.objects.count() == 3  # Ann's two months, Bob's one
    compared.clear()
    run = calculate_all(plan)
    assert compared == [set()]
    assert (run.delta_count, run.line_count) == (0, RunLine.objects.count())


def test_only_statements_that_change_are_compared(compared: list[set[tuple[str, int]]]) -> None:
    plan = two_months()
    bob = LineDigest.objects.get(
        payee__in=RunLine.objects.filter(payee__name="Bob").values("payee")
    )
    compared.clear()
    book(2500, (bob.payee, "1"), key="third")
    calculate_all(plan)
    assert [{payee for payee, _ in each} for each in compared] == [{str(bob.payee_id)}, set()]
    assert LineDigest.objects.get(pk__gt=bob.pk, payee=bob.payee).digest != bob.digest


def test_without_digests_everything_is_compared_and_nothing_posted_twice(
    compared: list[set[tuple[str, int]]],
) -> None:
    plan = two_months()
    before = (Posting.objects.count(), RunLine.objects.count())
    digests = set(LineDigest.objects.values_list("payee", "earned_period", "digest", "hash"))
    LineDigest.objects.all().delete()
    compared.clear()
    assert calculate_all(plan).delta_count == 0
    assert len(compared[0]) == 3
    assert (Posting.objects.count(), RunLine.objects.count()) == before
    found = set(LineDigest.objects.values_list("payee", "earned_period", "digest", "hash"))
    assert found == digests


def test_digests_of_another_engine_only_cost_time() -> None:
    plan = two_months()
    LineDigest.objects.update(digest="v0.1 1 2 3", hash="")
    run = calculate_all(plan)
    assert run.delta_count == 0
    assert not LineDigest.objects.filter(digest="v0.1 1 2 3").exists()


def test_a_payee_without_lines_any_more_has_no_digest() -> None:
    plan = two_months()
    bob = RunLine.objects.filter(payee__name="Bob")[0].payee
    ann = RunLine.objects.filter(payee__name="Ann")[0].payee
    book(2000, (ann, "1"), key="first")
    calculate_all(plan)
    assert owed(bob, "2027-01") == "0.00"
    assert not LineDigest.objects.filter(payee=bob).exists()


def test_the_hash_of_a_result_is_that_of_its_lines() -> None:
    """Anybody can compute it from the stored lines: SHA-256 over each payee's and period's
    number and the SHA-256 over the content addresses of their lines, all in order."""
    run = calculate_all(two_months())
    groups: dict[tuple[str, int], list[str]] = defaultdict(list)
    for line in RunLine.objects.select_related("earned_period"):
        groups[str(line.payee_id), line.earned_period.number] += [line.hash] * line.sign
    joined = "\n".join(
        f"{payee} {number} {hashlib.sha256(''.join(sorted(hashes)).encode()).hexdigest()}"
        for (payee, number), hashes in sorted(groups.items())
    )
    assert run.result_hash == hashlib.sha256(joined.encode()).hexdigest()
