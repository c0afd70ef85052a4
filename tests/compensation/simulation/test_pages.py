"""Simulations in the browser's eyes: who sees them, what they say, down to what made a number."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from compensation.make import TEST, book, make_payee, make_plan
from crm.make import make_opportunity
from dealwright.base.people.models import Profile, User
from dealwright.compensation.plans.models import CompensationPlan
from dealwright.compensation.plans.services import write_version
from dealwright.compensation.quotas.services import sync_reporting_lines
from dealwright.compensation.simulation.forecasts import calculate_forecast, create_forecast
from dealwright.compensation.simulation.models import Backtest, Forecast
from dealwright.compensation.simulation.services import calculate_backtest, create_backtest
from make import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
YEAR = timezone.localdate().year
NOWHERE = "0198c0de-0000-7000-8000-000000000000"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def make_finance() -> User:
    return make_user("Fay", profile=Profile.FINANCE)


def made_backtest() -> tuple[Backtest, User, User]:
    plan = make_plan()
    ann, bob = make_payee(plan, "Ann"), make_payee(plan, "Bob")
    book(1500, (ann, "1"), on=date(2027, 1, 10), title="Acme")
    book(400, (bob, "1"), on=date(2027, 2, 10))
    text = plan.versions.get().text.replace("[[0, 5%], [100%, 7%]]", "[[0, 4%], [100%, 10%]]")
    write_version(TEST, plan.pk, text)
    found = create_backtest(
        TEST,
        plan.pk,
        text=text,
        label="Draft, version 2",
        starts_on=date(2027, 1, 1),
        ends_on=date(2027, 3, 31),
    )
    return calculate_backtest(TEST, found.pk), ann, bob


def make_current_plan() -> tuple[CompensationPlan, User, User]:
    """A plan that pays today: its texts' days lie far around it."""
    from dealwright.compensation.plans.services import assign_payee
    from dealwright.compensation.quotas.services import set_quota

    first = date(YEAR, 1, 1)
    plan = make_plan(
        "currency: EUR\ncomponents:\n"
        "  - tiered: {id: commission, quota: bookings, cumulate: ytd, "
        "bands: [[0, 5%], [100%, 9%]]}\n"
        "  - override: {id: lead, rate: 1%}\n",
        starts_on=first,
    )
    mia = make_user("Mia", profile=Profile.MANAGER)
    ann = make_user("Ann", manager=mia)
    for user in (mia, ann):
        assign_payee(TEST, plan.pk, user, first)
    set_quota(
        TEST, ann, "bookings", Decimal(12000), starts_on=first, ends_on=date(YEAR, 12, 31),
        per="year",
    )  # fmt: skip
    sync_reporting_lines()
    return plan, mia, ann


def test_a_backtest_opens_from_totals_to_lines() -> None:
    found, ann, _ = made_backtest()
    client = signed_in(make_finance())
    page = client.get(f"/compensation/backtests/{found.pk}")
    text = page.text
    assert "€105.00" in text
    assert "€106.00" in text
    assert "1 winner" in text
    assert "1 loser" in text
    assert text.index(">Ann<") < text.index(">Bob<")
    assert f"/compensation/backtests/{found.pk}/{ann.pk}" in text
    below = client.get(f"/compensation/backtests/{found.pk}/{ann.pk}").text
    assert "1,000 EUR up to 1,000 EUR at 5% is 50 EUR." in below
    assert "500 EUR above 1,000 EUR at 10% is 50 EUR." in below
    assert "have changed since" not in below
    book(10, (ann, "1"), on=date(2027, 1, 20))
    moved = client.get(f"/compensation/backtests/{found.pk}/{ann.pk}").text
    assert "have changed since" in moved


def test_a_backtest_leaves_as_csv_and_workbook() -> None:
    found, _, _ = made_backtest()
    client = signed_in(make_finance())
    answer = client.get(f"/compensation/backtests/{found.pk}/backtest.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["payee"], row["was"], row["would_be"], row["difference"]) for row in rows] == [
        ("Ann", "85.00", "90.00", "5.00"),
        ("Bob", "20.00", "16.00", "-4.00"),
    ]
    book_ = client.get(f"/compensation/backtests/{found.pk}/backtest.xlsx")
    with zipfile.ZipFile(io.BytesIO(book_.content)) as opened:
        sheet = opened.read("xl/worksheets/sheet1.xml").decode()
    assert "SUMIF(Rows!" in sheet
    assert client.get(f"/compensation/backtests/{found.pk}/backtest.exe").status_code == 404


def test_a_draft_is_tried_from_the_plans_page() -> None:
    found, _, _ = made_backtest()
    plan = found.plan
    client = signed_in(make_finance())
    assert "Try this draft on past periods" in client.get(f"/compensation/plans/{plan.pk}").text
    address = f"/compensation/plans/{plan.pk}/backtest"
    form = client.get(address).text
    assert "[[0, 4%], [100%, 10%]]" in form
    text = plan.versions.get(number=2).text
    sent = {"text": text, "against": "1", "starts_on": "2027-01-01", "ends_on": "2027-02-28"}
    answer = client.post(address, sent)
    made = Backtest.objects.latest("id")
    assert (answer.status_code, answer["Location"]) == (303, f"/compensation/backtests/{made.pk}")
    assert (made.label, made.base_label) == ("Draft, version 2", "Version 1")
    assert "waiting" in client.get(f"/compensation/backtests/{made.pk}").text.lower()
    for wrong, said in (
        ({"text": "plan: x"}, "error"),
        ({"starts_on": "soon"}, "Choose a day."),
        ({"ends_on": "2020-01-01"}, "before the first"),
        ({"against": "99"}, "no such version"),
    ):
        refused = client.post(address, sent | wrong)
        assert refused.status_code == 422
        assert said in refused.text
    assert Backtest.objects.count() == 2


def made_forecast() -> tuple[Forecast, User, str]:
    _plan, mia, ann = make_current_plan()
    today = timezone.localdate()
    deal = make_opportunity(
        name="Globex", owner=ann, amount="10000", currency="EUR", close_date=today
    )
    found = create_forecast(TEST, ends_on=today, seed=1, draws=100)
    return calculate_forecast(TEST, found.pk), mia, str(deal.pk)


def test_a_forecast_opens_from_the_total_to_the_deals() -> None:
    found, mia, deal = made_forecast()
    client = signed_in(make_finance())
    page = client.get(f"/compensation/forecasts/{found.pk}")
    assert page.status_code == 200
    assert "drawn with seed 1" in page.text
    assert f"/opportunities/{deal}" in page.text
    total = found.figures.get(plan=None, payee=None, period="")
    assert total.everything == 600
    figure = found.figures.get(plan__isnull=False, payee=mia, period="")
    opened = client.get(f"/compensation/forecasts/{found.pk}?plan={figure.plan_id}&payee={mia.pk}")
    assert opened.status_code == 200
    assert "Mia" in opened.text
    assert "Globex" in opened.text
    for wrong in ("?period=1999", f"?plan={NOWHERE}", "?payee=nobody"):
        assert client.get(f"/compensation/forecasts/{found.pk}{wrong}").status_code == 404
    rows = list(
        csv.DictReader(
            io.StringIO(
                client.get(f"/compensation/forecasts/{found.pk}/forecast.csv").content.decode(
                    "utf-8-sig"
                )
            )
        )
    )
    assert {row["payee"]: row["all_won"] for row in rows} == {"Ann": "500.00", "Mia": "100.00"}
    assert client.get(f"/compensation/forecasts/{found.pk}/forecast.xlsx").status_code == 200


def test_a_forecast_is_asked_for_on_the_page() -> None:
    client = signed_in(make_finance())
    assert "No forecast yet" in client.get("/compensation/simulation").text
    today = timezone.localdate().isoformat()
    answer = client.post(
        "/compensation/forecasts/new", {"ends_on": today, "draws": "100", "seed": "5"}
    )
    assert answer["Location"] == f"/compensation/forecasts/{Forecast.objects.get().pk}"
    for wrong in ({"seed": "-3"}, {"seed": "x"}, {"draws": "7"}, {"ends_on": "1999-01-01"}):
        sent = {"ends_on": today, "draws": "100", "seed": "5"} | wrong
        assert client.post("/compensation/forecasts/new", sent).status_code == 422


def test_what_a_deal_would_pay_is_shown_and_tried() -> None:
    _plan, mia, ann = make_current_plan()
    deal = make_opportunity(name="Globex", owner=ann, amount="10000", currency="EUR")
    client = signed_in(ann)
    address = f"/compensation/estimates/{deal.pk}"
    page = client.get(address).text
    assert "+€500.00" in page
    assert "10,000 EUR up to 12,000 EUR at 5% is 500 EUR." in page
    assert "you may not see their pay" in page
    assert "Mia" not in page
    tried = client.get(f"{address}?part=1&amount=20000", headers={"HX-Request": "true"}).text
    assert "+€1,320.00" in tried
    assert "<html" not in tried
    assert "Choose a day." in client.get(f"{address}?on=never").text
    assert "is not an amount" in client.get(f"{address}?amount=much").text
    assert "€500.00" in client.get(f"{address}/panel").text
    finance = client_text = signed_in(make_finance()).get(address).text
    assert "+€100.00" in finance
    assert client_text.index("Ann") < client_text.index("Mia")
    assert mia.name in client_text


def test_the_panel_stands_on_open_deals_of_those_whose_pay_may_be_seen() -> None:
    from dealwright.compensation.simulation.queries import estimate_panel

    _plan, mia, ann = make_current_plan()
    deal = make_opportunity(owner=ann, amount="10000", currency="EUR")
    won = make_opportunity(owner=ann, amount="1", currency="EUR", stage="Won")
    for user in (ann, mia, make_finance()):
        assert estimate_panel(user, deal.pk) == {"record_id": deal.pk}
        assert estimate_panel(user, won.pk) is None
    assert estimate_panel(make_user("Stranger"), deal.pk) is None


def test_my_what_if_and_its_curve() -> None:
    plan, mia, ann = make_current_plan()
    client = signed_in(ann)
    day = f"{YEAR}-06-15"
    page = client.get(f"/compensation/what-if?day={day}&amount=13000&on={day}").text
    # 12,000 at 5 %, 1,000 at 9 %.
    assert "€690.00" in page
    assert "108.3%" in page
    curve = client.get(f"/compensation/what-if/curve?day={day}&at=20").text
    assert "€600.00" in curve
    assert "100.0%" in curve
    other = client.get(f"/compensation/what-if?day={day}&amount=much").text
    assert "is not an amount" in other
    as_manager = signed_in(mia)
    assert "What-if of Ann" in as_manager.get(f"/compensation/what-if?payee={ann.pk}").text
    by_report = as_manager.get(
        f"/compensation/what-if?day={day}&amount=1000&by={ann.pk}&plan={plan.pk}"
    ).text
    assert "€10.00" in by_report
    nobody = signed_in(make_user("Stranger"))
    assert "No plan pays here" in nobody.get("/compensation/what-if").text
    for address in ("what-if", "what-if/curve"):
        assert nobody.get(f"/compensation/{address}?payee={ann.pk}").status_code == 404
        assert nobody.get(f"/compensation/{address}?payee={NOWHERE}").status_code == 404


def test_strangers_find_no_simulation() -> None:
    backtest, ann, _ = made_backtest()
    forecast = create_forecast(TEST, ends_on=timezone.localdate(), seed=1, draws=100)
    hidden = make_opportunity(owner=ann, amount="10000", currency="EUR")
    for user in (make_user("Rep"), make_user("Lead", profile=Profile.MANAGER)):
        client = signed_in(user)
        for there, absent in (
            (f"/compensation/backtests/{backtest.pk}", f"/compensation/backtests/{NOWHERE}"),
            (
                f"/compensation/backtests/{backtest.pk}/{ann.pk}",
                f"/compensation/backtests/{NOWHERE}/{ann.pk}",
            ),
            (
                f"/compensation/backtests/{backtest.pk}/backtest.csv",
                f"/compensation/backtests/{NOWHERE}/backtest.csv",
            ),
            (f"/compensation/forecasts/{forecast.pk}", f"/compensation/forecasts/{NOWHERE}"),
            (f"/compensation/estimates/{hidden.pk}", f"/compensation/estimates/{NOWHERE}"),
            (
                f"/compensation/estimates/{hidden.pk}/panel",
                f"/compensation/estimates/{NOWHERE}/panel",
            ),
        ):
            assert (client.get(there).status_code, client.get(absent).status_code) == (404, 404)
        assert client.post("/compensation/forecasts/new", {}).status_code == 403
        assert client.get(f"/compensation/plans/{backtest.plan_id}/backtest").status_code == 403
        assert "My what-if" in client.get("/compensation/simulation").text
    assert Client().get("/compensation/what-if").status_code == 302
