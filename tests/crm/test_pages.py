"""Every page of the CRM answers, keeps what was typed, and tells what is wrong."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from crm.make import (
    make_account,
    make_activity,
    make_campaign,
    make_case,
    make_contact,
    make_lead,
    make_opportunity,
    make_price_book,
    make_product,
    make_quote,
)
from dealwright.base.access.actor import system
from dealwright.base.records.services import create_record
from dealwright.crm.forms.models import FormSubmission
from dealwright.crm.forms.services import stamp_form
from dealwright.crm.leads.models import AssignmentRule
from dealwright.crm.models import Activity, Case, Contact, Lead, Opportunity, Quote, Stage
from dealwright.crm.opportunities.line_items import set_line_items
from dealwright.crm.opportunities.pipelines import ensure_default_pipeline
from dealwright.crm.quotes.delivery import send_quote
from make import make_administrator, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def rep():
    return make_user("Rita Rep")


@pytest.fixture
def browser(rep):
    client = Client()
    client.force_login(rep)
    return client


@pytest.fixture
def boss_browser():
    client = Client()
    client.force_login(make_administrator())
    return client


def page(client, address, status=200):
    response = client.get(address)
    assert response.status_code == status, (address, response.status_code)
    return response.content.decode()


def stage(name):
    return Stage.objects.get(pipeline=ensure_default_pipeline(), name=name)


class TestRecords:
    def test_every_record_page_and_panel_answers(self, browser, rep):
        account = make_account(owner=rep, name="Acme")
        make_account(owner=rep, parent=account)
        contact = make_contact(owner=rep, account=account)
        lead = make_lead(owner=rep, contact=contact, utm_source="mail", message="Hello")
        deal = make_opportunity(owner=rep, account=account, contact=contact, amount="10")
        set_line_items(system(), deal.pk, [{"name": "Loom", "unit_price": "1000"}])
        quote = make_quote(opportunity=deal)
        product, book = make_product(), make_price_book()
        case = make_case(owner=rep, account=account)
        campaign = make_campaign(owner=rep)
        activity = make_activity(owner=rep, opportunity=deal)
        form = create_record(system(), "web_form", {"name": "F", "slug": "f", "title": "F"})
        for slug, record, tabs in (
            ("accounts", account, ["timeline", "people"]),
            ("contacts", contact, ["timeline"]),
            ("leads", lead, ["timeline"]),
            ("opportunities", deal, ["timeline", "lines", "people"]),
            ("quotes", quote, ["timeline", "lines"]),
            ("products", product, [""]),
            ("price-books", book, ["prices"]),
            ("cases", case, ["timeline"]),
            ("campaigns", campaign, ["timeline", "members"]),
            ("activities", activity, [""]),
            ("web-forms", form, ["submissions"]),
        ):
            for tab in tabs:
                page(browser, f"/{slug}/{record.pk}?tab={tab}")
            page(browser, f"/{slug}/{record.pk}/side")
            page(browser, f"/{slug}")

    def test_a_foreign_record_is_as_good_as_absent(self, browser):
        deal = make_opportunity(owner=make_user())
        for address in (
            f"/opportunities/{deal.pk}/win",
            f"/opportunities/{deal.pk}/lose",
            f"/opportunities/{deal.pk}/quotes/new",
            f"/timeline/opportunity/{deal.pk}",
        ):
            page(browser, address, 404)


class TestTimeline:
    def test_a_note_call_task_meeting_and_mail_are_written_in_place(self, browser, rep):
        deal = make_opportunity(owner=rep, contact=make_contact(email="ada@acme.example"))
        base = f"/timeline/opportunity/{deal.pk}"
        sent = {
            "note": {"body": "They like it"},
            "call": {"body": "Spoke", "outcome": "reached", "minutes": "2,5"},
            "task": {"subject": "Send offer", "due_at": "2030-01-31T09:30"},
            "meeting": {"subject": "Demo", "starts_at": "2020-01-31T09:30", "minutes": "45"},
            "email": {"to": "ada@acme.example", "subject": "Hi", "body": "Dear Ada"},
        }
        for kind, values in sent.items():
            page(browser, f"{base}?composer={kind}")
            answer = browser.post(f"{base}/{kind}", values, headers={"HX-Request": "true"})
            assert answer.status_code == 200, kind
        kinds = set(Activity.objects.filter(opportunity=deal).values_list("kind", flat=True))
        assert kinds == set(sent)
        assert Activity.objects.get(kind="call").duration_seconds == 150
        line = page(browser, base)
        for words in ("They like it", "Spoke", "Send offer", "Demo", "Dear Ada"):
            assert words in line

    def test_what_is_wrong_is_told_and_what_was_typed_stays(self, browser, rep):
        lead = make_lead(owner=rep)
        answer = browser.post(
            f"/timeline/lead/{lead.pk}/task",
            {"subject": "", "body": "Mind the gap", "due_at": "soon"},
            headers={"HX-Request": "true"},
        )
        text = answer.content.decode()
        assert answer.status_code == 422
        assert "is no time" in text
        assert "Mind the gap" in text
        assert not Activity.objects.exists()

    def test_it_pages_and_filters(self, browser, rep):
        account = make_account(owner=rep)
        for number in range(45):
            make_activity(account=account, kind="note", subject=f"N{number}", body=f"N{number}.")
        first = page(browser, f"/timeline/account/{account.pk}?kinds=activity,message")
        assert "N44." in first
        assert "N1." not in first
        more = re.search(r'hx-get="(/timeline/[^"]+before=[^"]+)"', first)[1].replace("&amp;", "&")
        assert "N1." in page(browser, more)
        changes = page(browser, f"/timeline/account/{account.pk}?kinds=change")
        assert "N44." not in changes

    def test_hidden_changes_have_no_names(self, browser, rep):
        hidden = make_account(owner=make_user(), name="Secret Ltd")
        deal = make_opportunity(owner=rep)
        Opportunity.objects.filter(pk=deal.pk).update(account=hidden)
        line = page(browser, f"/timeline/opportunity/{deal.pk}")
        assert "Secret Ltd" not in line
        assert "hidden" in line


class TestTasks:
    def test_tasks_stand_under_their_day_and_can_be_ticked_off(self, browser, rep):
        now = timezone.now()
        make_activity(owner=rep, subject="Old", due_at=(now - timedelta(days=2)).isoformat())
        later = make_activity(
            owner=rep, subject="Later", due_at=(now + timedelta(days=30)).isoformat()
        )
        make_activity(owner=make_user(), subject="Not mine")
        text = page(browser, "/tasks")
        assert "Old" in text
        assert "Later" in text
        assert "Not mine" not in text
        browser.post(f"/tasks/{later.pk}/done", headers={"HX-Request": "true"})
        later.refresh_from_db()
        assert later.status == "completed"
        assert "Later" in page(browser, "/tasks?done=1")

    def test_a_task_is_added(self, browser, rep):
        answer = browser.post("/tasks", {"subject": "Ring Bob", "priority": "high"})
        assert answer.status_code == 303
        assert Activity.objects.get().owner == rep


class TestLeads:
    def test_convert_disqualify_assign(self, browser, rep):
        make_user("Other")
        lead, other = make_lead(owner=rep), make_lead(owner=rep)
        page(browser, f"/leads/{lead.pk}/convert")
        answer = browser.post(
            f"/leads/{lead.pk}/convert", {"name": "Big deal", "amount": "1.234,50"}
        )
        deal = Opportunity.objects.get()
        assert answer["Location"] == f"/opportunities/{deal.pk}"
        assert deal.amount == Decimal("1234.50")
        page(browser, f"/leads/{other.pk}/disqualify")
        wrong = browser.post(f"/leads/{other.pk}/disqualify", {"detail": "Kept"})
        assert wrong.status_code == 422
        assert "Kept" in wrong.content.decode()
        browser.post(f"/leads/{other.pk}/disqualify", {"reason": "spam"})
        other.refresh_from_db()
        assert other.status == "disqualified"
        page(browser, f"/leads/{other.pk}/reopen")
        browser.post(f"/leads/{other.pk}/reopen")
        page(browser, f"/leads/{other.pk}/assign")
        browser.post(f"/leads/{other.pk}/assign", {"by_rule": "1"})
        other.refresh_from_db()
        assert other.assignment_reason == "No assignment rule matched this lead."

    def test_assignment_rules_are_kept_by_managers(self, browser, boss_browser, rep):
        page(browser, "/settings/assignment", 403)
        page(boss_browser, "/settings/assignment")
        page(boss_browser, "/settings/assignment/new")
        values = {
            "name": "Inbound",
            "strategy": "round_robin",
            "response_minutes": "30",
            "is_active": "on",
            "filter": json.dumps({"field": "source", "op": "is", "value": "web"}),
            "members.1.user": str(rep.pk),
            "members.1.capacity": "x",
        }
        wrong = boss_browser.post("/settings/assignment/new", values)
        assert wrong.status_code == 422
        assert "Capacity must be a whole number" in wrong.content.decode()
        boss_browser.post("/settings/assignment/new", {**values, "members.1.capacity": "20"})
        rule = AssignmentRule.objects.get()
        assert rule.members.get().capacity == 20
        page(boss_browser, f"/settings/assignment/{rule.pk}")
        assert "Rita Rep" in page(boss_browser, "/settings/assignment")
        boss_browser.post(f"/settings/assignment/{rule.pk}/delete")
        assert not AssignmentRule.objects.exists()


class TestDeals:
    def test_a_move_asks_for_what_is_missing(self, browser, rep):
        deal = make_opportunity(owner=rep)
        address = f"/opportunities/{deal.pk}/move/{stage('Proposal').pk}"
        text = page(browser, address)
        assert 'name="amount"' in text
        assert 'name="close_date"' in text
        wrong = browser.post(address, {"amount": "500"})
        assert wrong.status_code == 422
        assert 'value="500"' in wrong.content.decode()
        browser.post(address, {"amount": "500", "close_date": "2030-01-01"})
        deal.refresh_from_db()
        assert deal.stage.name == "Proposal"

    def test_win_lose_reopen(self, browser, rep):
        deal = make_opportunity(owner=rep, amount="5")
        for verb in ("win", "lose"):
            page(browser, f"/opportunities/{deal.pk}/{verb}")
        browser.post(f"/opportunities/{deal.pk}/win", {"close_date": "2026-01-02"})
        page(browser, f"/opportunities/{deal.pk}/reopen")
        browser.post(f"/opportunities/{deal.pk}/reopen")
        assert browser.post(f"/opportunities/{deal.pk}/lose", {}).status_code == 422
        browser.post(f"/opportunities/{deal.pk}/lose", {"reason": "price"})
        deal.refresh_from_db()
        assert deal.status == "lost"

    def test_lines_are_saved_with_percents_and_refused_with_what_was_typed(self, browser, rep):
        deal = make_opportunity(owner=rep)
        product = make_product(list_price="100", name="GTX Pro")
        values = {
            "lines.1.product": str(product.pk),
            "lines.1.quantity": "2",
            "lines.1.discount": "12,5",
            "lines.2.name": "Set-up",
            "lines.2.unit_price": "50",
            "lines.2.tax_rate": "19",
            "lines.3.quantity": "1",
        }
        browser.post(f"/opportunities/{deal.pk}/lines", values, headers={"HX-Request": "true"})
        deal.refresh_from_db()
        assert deal.amount == Decimal("225.00")
        assert deal.line_items.get(position=1).discount == Decimal("0.125")
        text = page(browser, f"/opportunities/{deal.pk}?tab=lines")
        assert 'value="12.5"' in text
        assert 'value="GTX Pro"' in text
        wrong = browser.post(
            f"/opportunities/{deal.pk}/lines",
            {"lines.1.name": "Thing", "lines.1.unit_price": "cheap"},
            headers={"HX-Request": "true"},
        )
        assert wrong.status_code == 422
        assert 'value="cheap"' in wrong.content.decode()

    def test_team_and_people(self, browser, rep):
        deal, ben = make_opportunity(owner=rep), make_user("Ben")
        person = make_contact(owner=rep)
        base = f"/opportunities/{deal.pk}"
        values = {
            "members.1.user": str(rep.pk), "members.1.split_percent": "70",
            "members.2.user": str(ben.pk), "members.2.split_percent": "20",
        }  # fmt: skip
        wrong = browser.post(f"{base}/team", values, headers={"HX-Request": "true"})
        assert wrong.status_code == 422
        assert "The splits sum to 90 %" in wrong.content.decode()
        values["members.2.split_percent"] = "30"
        assert (
            browser.post(f"{base}/team", values, headers={"HX-Request": "true"}).status_code == 200
        )
        assert sorted(each.split_percent for each in deal.team_members.all()) == [
            Decimal("0.3"), Decimal("0.7"),
        ]  # fmt: skip
        browser.post(f"{base}/contacts", {"contact": str(person.pk), "role": "champion"})
        assert person.name in page(browser, f"{base}?tab=people")
        browser.post(f"{base}/contacts/{person.pk}/remove")
        assert not deal.contact_roles.exists()

    def test_the_board_shows_ageing_deals(self, browser, rep):
        deal = make_opportunity(owner=rep, next_step="Call")
        Opportunity.objects.filter(pk=deal.pk).update(
            stage_entered_at=timezone.now() - timedelta(days=40)
        )
        assert "In this stage for 40 days" in page(browser, "/opportunities/board")

    def test_pipelines_are_set_up(self, browser, boss_browser):
        page(browser, "/settings/pipelines", 403)
        pipeline = ensure_default_pipeline()
        page(boss_browser, "/settings/pipelines")
        page(boss_browser, f"/settings/pipelines/{pipeline.pk}")
        page(boss_browser, f"/settings/pipelines/{pipeline.pk}/stages/new")
        page(boss_browser, f"/settings/pipelines/{pipeline.pk}/stages/{stage('Proposal').pk}")
        values = {
            "name": "Pilot", "category": "open", "probability": "42,5", "rot_days": "9",
            "forecast_category": "pipeline", "required_fields": ["amount", "next_step"],
            "exit_criteria": "amount > 100",
        }  # fmt: skip
        address = f"/settings/pipelines/{pipeline.pk}/stages/new"
        wrong = boss_browser.post(address, {**values, "exit_criteria": "amount >"})
        assert wrong.status_code == 422
        assert "Pilot" in wrong.content.decode()
        boss_browser.post(address, values)
        made = stage("Pilot")
        assert (made.probability, made.required_fields) == (
            Decimal("0.425"), ["amount", "next_step"],
        )  # fmt: skip


class TestQuotes:
    def test_the_way_of_a_quote(self, browser, rep):
        contact = make_contact(email="ada@acme.example", owner=rep)
        deal = make_opportunity(owner=rep, contact=contact)
        set_line_items(system(), deal.pk, [{"name": "Loom", "unit_price": "1000"}])
        page(browser, f"/opportunities/{deal.pk}/quotes/new")
        browser.post(f"/opportunities/{deal.pk}/quotes/new", {"name": "Offer"})
        quote = Quote.objects.get()
        base = f"/quotes/{quote.pk}"
        for verb in ("send", "submit", "revise"):
            page(browser, f"{base}/{verb}")
        browser.post(
            f"{base}/lines",
            {"lines.1.name": "Loom", "lines.1.unit_price": "900"},
            headers={"HX-Request": "true"},
        )
        pdf = browser.get(f"{base}/pdf")
        assert pdf["Content-Type"] == "application/pdf"
        assert pdf.content.startswith(b"%PDF")
        browser.post(f"{base}/send", {"to": "ada@acme.example", "subject": "Offer"})
        quote.refresh_from_db()
        assert quote.status == "sent"
        public = f"/q/{quote.public_token}"
        visitor = Client()
        assert "900.00" in page(visitor, public)
        quote.refresh_from_db()
        assert quote.viewed_at is not None
        assert visitor.get(f"{public}/pdf").content.startswith(b"%PDF")
        assert visitor.post(public, {"answer": "yes", "accepted_by": ""}).status_code == 422
        visitor.post(public, {"answer": "yes", "accepted_by": "Ada"})
        assert "Accepted by Ada" in page(visitor, public)
        page(visitor, "/q/guess", 404)

    def test_an_answer_by_phone_is_noted(self, browser, rep):
        deal = make_opportunity(owner=rep)
        set_line_items(system(), deal.pk, [{"name": "Loom", "unit_price": "1"}])
        quote = send_quote(system(), make_quote(opportunity=deal).pk, to="a@b.example")
        page(browser, f"/quotes/{quote.pk}/answer")
        browser.post(f"/quotes/{quote.pk}/answer", {"answer": "no", "reason": "Too dear"})
        quote.refresh_from_db()
        assert (quote.status, quote.rejected_reason) == ("rejected", "Too dear")


class TestForms:
    def make_form(self, **fields):
        return create_record(
            system(),
            "web_form",
            {"name": "Contact", "slug": "contact-us", "title": "Talk to us", **fields},
        )

    def stamp(self, form, monkeypatch, settings):
        settings.FORM_FASTEST_SECONDS = -1
        return stamp_form(form)

    def test_a_visitor_becomes_a_lead_with_the_source(self, monkeypatch, settings):
        form = self.make_form()
        text = page(Client(), "/forms/contact-us?utm_source=news&utm_campaign=spring")
        assert 'name="utm_source" value="news"' in text
        answer = Client().post(
            "/forms/contact-us",
            {
                "first_name": "Ada", "last_name": "Byron", "email": "ada@engine.example",
                "message": "Hi", "utm_source": "news", "utm_campaign": "spring",
                "stamp": self.stamp(form, monkeypatch, settings),
            },
        )  # fmt: skip
        assert "Thank you" in answer.content.decode()
        lead = Lead.objects.get()
        assert (lead.utm_source, lead.utm_campaign, lead.form) == ("news", "spring", form)
        assert lead.contact.name == "Ada Byron"
        assert FormSubmission.objects.get().lead == lead

    def test_what_is_missing_is_told_and_the_rest_stays(self, monkeypatch, settings):
        form = self.make_form()
        answer = Client().post(
            "/forms/contact-us",
            {"email": "ada@engine.example", "stamp": self.stamp(form, monkeypatch, settings)},
        )
        text = answer.content.decode()
        assert answer.status_code == 422
        assert "Last name is required." in text
        assert 'value="ada@engine.example"' in text
        assert not Lead.objects.exists()

    @pytest.mark.parametrize(
        ("sent", "why"),
        [
            ({"website": "http://spam"}, "trap"),
            ({"stamp": "made up"}, "no stamp"),
            ({}, "too fast"),
        ],
    )
    def test_programs_are_put_aside_and_see_success(self, sent, why):
        form = self.make_form()
        values = {"last_name": "Bot", "email": "bot@spam.example", "stamp": stamp_form(form)}
        answer = Client().post("/forms/contact-us", values | sent)
        assert "Thank you" in answer.content.decode()
        assert not Lead.objects.exists()
        assert FormSubmission.objects.get().refused == why

    def test_one_sender_cannot_flood_it(self, monkeypatch, settings):
        form = self.make_form()
        stamp = self.stamp(form, monkeypatch, settings)
        for number in range(20):
            values = {"last_name": "X", "email": f"a{number}@b.example", "stamp": stamp}
            assert Client().post("/forms/contact-us", values).status_code == 200
        values = {"last_name": "X", "email": "z@b.example", "stamp": stamp}
        assert Client().post("/forms/contact-us", values).status_code == 503
        assert Lead.objects.count() == 20

    def test_only_named_sites_may_embed_it(self):
        self.make_form(embed_origins="https://www.acme.example")
        answer = Client().get("/forms/contact-us?embed=1")
        policy = answer["Content-Security-Policy"]
        assert "frame-ancestors 'self' https://www.acme.example" in policy
        assert "X-Frame-Options" not in answer

    def test_a_form_out_of_use_is_not_there(self):
        self.make_form(is_active="no")
        page(Client(), "/forms/contact-us", 404)

    def test_questions_are_chosen(self, boss_browser):
        form = self.make_form()
        address = f"/web-forms/{form.pk}/questions"
        page(boss_browser, address)
        wrong = boss_browser.post(address, {"company.asked": "on", "company.label": "Firm"})
        assert wrong.status_code == 422
        boss_browser.post(
            address, {"email.asked": "on", "email.label": "Mail", "email.required": "on"}
        )
        form.refresh_from_db()
        assert form.fields == [{"key": "email", "label": "Mail", "required": True}]


class TestOthers:
    def test_people_of_an_account_and_ways_to_reach_a_person(self, browser, rep):
        account, person = make_account(owner=rep), make_contact(owner=rep)
        browser.post(f"/accounts/{account.pk}/people", {"contact": str(person.pk), "role": "CFO"})
        assert "CFO" in page(browser, f"/accounts/{account.pk}?tab=people")
        link = account.contact_links.get()
        browser.post(f"/accounts/{account.pk}/people/{link.pk}/remove")
        assert not account.contact_links.exists()
        base = f"/contacts/{person.pk}/points"
        was = person.email
        browser.post(base, {"kind": "email", "value": "second@mail.example"})
        point = person.points.get(value="second@mail.example")
        browser.post(f"{base}/{point.pk}/prefer")
        person.refresh_from_db()
        assert person.email == "second@mail.example"
        assert person.points.filter(value=was, is_primary=False).exists()
        wrong = browser.post(
            base, {"kind": "email", "value": "nonsense"}, headers={"HX-Request": "true"}
        )
        assert wrong.status_code == 422

    def test_merge_compares_and_merges(self, browser, rep):
        one = make_contact(owner=rep, first_name="Ada", last_name="Byron", phone="+4930111111")
        two = make_contact(owner=rep, first_name="Ada", last_name="Byron", job_title="Countess")
        text = page(browser, f"/contacts/{one.pk}/merge?other={two.pk}")
        assert "Countess" in text
        browser.post(
            f"/contacts/{one.pk}/merge",
            {"step": "merge", "other": str(two.pk), "choose.job_title": "merged"},
        )
        one.refresh_from_db()
        assert one.job_title == "Countess"
        assert Contact.objects.count() == 1
        assert "Take apart" in page(browser, f"/contacts/{one.pk}/merge")

    def test_cases_move_on(self, browser, boss_browser, rep):
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

    def test_campaign_members_and_book_prices(self, boss_browser):
        campaign, person = make_campaign(), make_contact()
        boss_browser.post(
            f"/campaigns/{campaign.pk}/members", {"contact": str(person.pk), "status": "sent"}
        )
        member = campaign.members.get()
        boss_browser.post(f"/campaigns/{campaign.pk}/members/{member.pk}", {"status": "responded"})
        member.refresh_from_db()
        assert member.responded_at is not None
        book, product = make_price_book(), make_product()
        boss_browser.post(
            f"/price-books/{book.pk}/prices",
            {
                "product": str(product.pk),
                "prices.1.min_quantity": "1",
                "prices.1.list_price": "9,90",
            },
        )
        assert product.prices.get().list_price == Decimal("9.90")
        page(boss_browser, f"/products/{product.pk}/side")

    def test_a_person_is_exported_and_erased(self, boss_browser, browser, rep):
        person = make_contact(owner=rep, first_name="Ada", last_name="Byron")
        assert browser.get(f"/contacts/{person.pk}/export").content.startswith(b"PK")
        page(browser, f"/contacts/{person.pk}/erase", 403)
        page(boss_browser, f"/contacts/{person.pk}/erase")
        wrong = boss_browser.post(f"/contacts/{person.pk}/erase", {"name": "Bob"})
        assert wrong.status_code == 422
        boss_browser.post(f"/contacts/{person.pk}/erase", {"name": "ada byron"})
        person.refresh_from_db()
        assert person.name == "Erased person"

    def test_reports_open_the_lists_they_count(self, browser, rep):
        product = make_product(name="GTX Pro")
        make_opportunity(
            owner=rep, stage="Won", product=product, amount="100", close_date="2017-03-01"
        )
        make_opportunity(
            owner=rep, stage="Lost", product=product, amount="0", close_date="2017-04-01"
        )
        make_opportunity(owner=rep, amount="70")
        for by in ("agent", "region", "product"):
            text = page(browser, f"/reports/win-rate?by={by}&from=2017-01-01&to=2017-12-31")
            assert "50.0" in text
            link = re.search(r'href="(/opportunities\?filter=[^"]+)"', text)[1].replace(
                "&amp;", "&"
            )
            page(browser, link)
        page(browser, "/reports/win-rate?from=2018-01-01&to=oops", 422)
        assert "Prospecting" in page(browser, "/reports/pipeline")
        page(browser, "/reports/funnel")
