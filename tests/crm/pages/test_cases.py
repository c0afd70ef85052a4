"""Cases and their promises of response."""

from __future__ import annotations

import pytest

from crm.make import make_case
from crm.pages.look import page
from dealwright.crm.models import Case
from make import make_user

pytestmark = pytest.mark.django_db


def test_cases_move_on(browser, boss_browser, rep):
    case = make_case(owner=rep)
    page(browser, f"/cases/{case.pk}/status/solved")
    browser.post(f"/cases/{case.pk}/status/solved", {"resolution": "Plugged in"})
    case.refresh_from_db()
    assert (case.status, case.resolution) == ("solved", "Plugged in")
    page(browser, f"/cases/{case.pk}/assign")
    boss_browser.post(f"/cases/{case.pk}/assign", {"owner": str(make_user("Ben").pk)})
    assert Case.objects.get(pk=case.pk).owner.name == "Ben"
    page(boss_browser, "/settings/promises")
    values = {
        f"{key}.{part}": hours
        for key in ("low", "normal", "high", "urgent")
        for part, hours in (("response", "2"), ("resolution", "1"))
    }
    wrong = boss_browser.post("/settings/promises", values)
    assert wrong.status_code == 422
