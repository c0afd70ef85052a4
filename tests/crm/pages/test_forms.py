"""The public lead form, and the questions it asks."""

from __future__ import annotations

import pytest
from django.test import Client

from crm.pages.look import page
from dealwright.base.access.actor import system
from dealwright.base.records.services import create_record
from dealwright.crm.forms.models import FormSubmission
from dealwright.crm.forms.services import stamp_form
from dealwright.crm.models import Lead

pytestmark = pytest.mark.django_db


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
