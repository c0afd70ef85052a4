"""A real CRM export: the figures that must come out, twice, and back."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from django.apps import apps

from crm.make import make_account
from dealwright.base.access.actor import system
from dealwright.base.people.models import User
from dealwright.base.records.models import AuditEvent
from dealwright.base.transfer.models import ImportJob
from dealwright.base.transfer.services import import_tables, open_tables, propose_plans
from dealwright.base.transfer.undo import undo_import
from dealwright.crm.models import Account, Opportunity, Product, StageHistory

MAVEN = Path(__file__).resolve().parents[4] / "shared" / "data" / "maven"
US_DATES = MAVEN / "sales_pipeline_us_dates.csv"
ROBOT = system("test", via="cli")

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def bring(path: Path, **options: bool) -> ImportJob:
    pairs = [pair for pair in propose_plans(ROBOT, open_tables(path)) if pair[1] is not None]
    return import_tables(ROBOT, pairs, **options)  # type: ignore[arg-type]


def row_counts() -> Counter[str]:
    """Rows of every table of ours, without logs of what happened."""
    logs = {"AuditEvent", "OutboxEvent", "EventDelivery", "ImportJob", "ImportRow", "SearchEntry"}
    return Counter(
        {
            model._meta.label: model._base_manager.count()
            for model in apps.get_models()
            if model.__module__.startswith("dealwright.") and model.__name__ not in logs
        }
    )


def oddities(job: ImportJob) -> dict[tuple[str, str], dict]:
    return {(each["code"], each["value"]): each for each in job.report["oddities"]}


def test_the_figures_of_the_export():
    make_account(name="Ours before")
    before = row_counts()
    job = bring(MAVEN)
    report = job.report
    assert report["counts"] == {
        "user": {"created": 35},
        "manager": {"created": 6},
        "product": {"created": 7},
        "account": {"created": 85},
        "opportunity": {"created": 8800},
    }
    assert report["groups"]["opportunity: stage"] == {
        "Won": 4238, "Lost": 2473, "Engaging": 1589, "Prospecting": 500,
    }  # fmt: skip
    assert report["sums"] == {"won value": "10005534"}
    assert Account.objects.filter(parent__isnull=False).count() == 15
    assert Opportunity.objects.filter(account__isnull=True).count() == 1425
    agents = User.objects.filter(profile="rep", is_placeholder=True)
    assert agents.count() == 35
    assert not agents.filter(manager__isnull=True).exists()
    assert not agents.filter(region="").exists()

    found = oddities(job)
    gtx = found[("unmatched", "GTXPro")]
    assert (gtx["count"], gtx["suggestion"], gtx["accepted"]) == (1480, "GTX Pro", False)
    assert gtx["rows"][:3] == [3, 13, 20]
    assert len(gtx["rows"]) == 1480
    assert found[("misspelt", "technolgy")]["suggestion"] == "Technology"
    assert found[("misspelt", "Philipines")]["suggestion"] == "Philippines"
    assert Opportunity.objects.filter(product__isnull=True).count() == 1480

    deal = Opportunity.objects.get(
        name="Cancity – GTX Plus Basic", amount=1054, close_date="2017-03-01"
    )
    history = list(StageHistory.objects.filter(opportunity=deal).order_by("at"))
    assert [(each.to_stage.name, each.at.date().isoformat()) for each in history] == [
        ("Engaging", "2016-10-20"), ("Won", "2017-03-01"),
    ]  # fmt: skip

    # The same again, in other dates: nothing changes, nothing is told.
    lines, versions = (
        AuditEvent.objects.count(),
        Counter(Opportunity.objects.values_list("version", flat=True)),
    )
    plan = dict(propose_plans(ROBOT, open_tables(US_DATES)))
    (columns,) = (each.columns for each in plan.values() if each)
    assert {each.column: each.date_format for each in columns if each.date_format} == {
        "engage_date": "MM/DD/YYYY", "close_date": "MM/DD/YYYY",
    }  # fmt: skip
    again = bring(US_DATES)
    assert again.report["counts"] == {"opportunity": {"unchanged": 8800}}
    assert AuditEvent.objects.count() == lines
    assert Counter(Opportunity.objects.values_list("version", flat=True)) == versions

    # And back: exactly what it made goes.
    assert undo_import(ROBOT, job)["kept"] == 0
    after = row_counts()
    assert {
        label: after[label] - before[label] for label in after if after[label] != before[label]
    } == {}


def test_suggestions_are_taken_when_asked_for():
    job = bring(MAVEN, accept_suggestions=True)
    assert oddities(job)[("unmatched", "GTXPro")]["accepted"] is True
    assert Opportunity.objects.filter(product=Product.objects.get(name="GTX Pro")).count() == 1480
    assert Account.objects.filter(industry="technology").count() == 12
    assert Account.objects.get(billing_country="Philippines")
