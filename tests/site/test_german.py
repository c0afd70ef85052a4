"""The interface in German: whose choice it is, and what pages and mails then say."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation
from playwright.sync_api import expect

from base.make import make_deal
from browser import PHONE, Live
from dealwright.base.access.actor import system
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.messaging.models import OutboundMessage
from dealwright.base.people.invitations import invite_user
from dealwright.base.people.organization import update_organization
from dealwright.base.web.formats import format_date, format_money
from dealwright.signing.ceremonies import identifying
from dealwright.signing.ceremonies import services as ceremonies
from dealwright.signing.consent.services import current_consent
from dealwright.signing.envelopes import mail
from make import acting, make_administrator, make_user
from signing.make import a_visit, code_of, enter, make_sent_envelope, recipient_of, token_of

pytestmark = pytest.mark.django_db

UNTIL = datetime(2028, 1, 31, 9, 30, tzinfo=UTC)


def test_money_and_days_are_written_as_in_german() -> None:
    with translation.override("de"):
        assert format_money(Decimal("1234.56"), "EUR") == "1.234,56\xa0€"
        assert format_date(date(2027, 1, 31)) == "31.01.2027"


def test_a_list_speaks_the_language_of_the_profile(client: Client) -> None:
    user = make_administrator("Ada Lovelace", language="de")
    make_deal(name="Nordwind", amount=Decimal("1234.56"), close_date=date(2028, 1, 31))
    client.force_login(user)
    answer = client.get("/opportunities", headers={"Accept-Language": "en"})
    text = answer.content.decode()
    assert answer.headers["Content-Language"] == "de"
    assert '<html lang="de"' in text
    for word in ("Verkaufschancen", "Abschlussdatum", "Inhaber", "Phase", "Betrag", "31.01.2028"):
        assert word in text, word
    for word in ("Opportunities", "Close date", "Owner", ">Stage", ">Amount"):
        assert word not in text, word


def test_a_stranger_reads_the_language_of_the_browser_if_there_is_a_catalogue(
    client: Client,
) -> None:
    def read(languages: str) -> str:
        return client.get("/me/login/", headers={"Accept-Language": languages}).content.decode()

    make_user()
    assert ">Anmelden<" in read("de-AT,de;q=0.9,en;q=0.5")
    assert ">Sign in<" in read("fr-FR,fr;q=0.9")


def test_a_refusal_is_told_in_the_language_of_who_asks_and_logged_in_english(
    client: Client,
) -> None:
    with translation.override("de"):
        error = NotFound("There is nothing at this address.")
        other = Invalid("Nobody translated this.", fields={"name": ["Name is required."]})
    assert error.message == "Unter dieser Adresse gibt es nichts."
    assert str(error) == "There is nothing at this address."
    assert other.message == "Nobody translated this."
    assert other.fields == {"name": ["Der Name ist erforderlich."]}
    client.force_login(make_user(language="de"))
    answer = client.get("/nowhere-at-all")
    assert answer.status_code == 404
    assert "Unter dieser Adresse gibt es nichts." in answer.content.decode()


def test_the_mails_of_an_envelope_follow_its_language() -> None:
    envelope = make_sent_envelope(language="de", expires_at=UNTIL, title="Auftrag 7")
    ada = recipient_of(envelope, "Ada")
    visit = a_visit()
    with translation.override("de"):
        ceremonies.give_consent(enter(ada, visit), current_consent("de").pk)
        identifying.request_code(enter(ada, visit))
    asked, code = OutboundMessage.objects.filter(to=ada.email).order_by("id")
    assert asked.subject.endswith("bittet Sie um Ihre Unterschrift: Auftrag 7")
    assert "Guten Tag Ada Lovelace," in asked.text
    assert "Dies ist möglich bis 31. Januar 2028, 09:30 UTC." in asked.text
    assert "Prüfen und unterschreiben: " in asked.text
    assert code.subject == f"{code_of(ada)} ist Ihr Code für „Auftrag 7“"
    ada.refresh_from_db()
    assert ada.consent is not None
    assert (ada.consent.language, ada.consent.title) == (
        "de",
        "Einwilligung in die elektronische Unterschrift",
    )


@pytest.mark.parametrize("language", ["en", "fr", ""])
def test_mails_of_an_envelope_in_a_language_without_catalogue_are_english(language: str) -> None:
    envelope = make_sent_envelope(language=language, expires_at=UNTIL)
    with translation.override("de"):  # the language of whoever causes the mail counts for nothing
        mail.tell_ended(system(), envelope, recipient_of(envelope, "Ada"), "voided", "Wrong price")
    asked, ended = OutboundMessage.objects.filter(to="ada@buyer.test").order_by("id")
    assert "This is possible until January 31, 2028, 09:30 UTC." in asked.text
    assert ended.subject == "Voided: Order form"
    assert "Reason: Wrong price" in ended.text


def test_every_language_has_a_consent_text() -> None:
    for language, _name in settings.LANGUAGES:
        assert current_consent(language).language == language


@pytest.mark.browser
def test_a_german_browser_gets_a_german_ceremony(live: Live) -> None:
    ada = recipient_of(make_sent_envelope(language="de"), "Ada")
    page = live.use(PHONE, locale="de-DE")
    live.open(f"/sign/{token_of(ada)}")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_role("heading", name="Einwilligung in die elektronische")).to_be_visible()
    expect(page.get_by_role("checkbox", name=re.compile("Ich bin einverstanden"))).to_be_visible()
    expect(page.get_by_role("button", name="Einwilligen und weiter")).to_be_visible()
    live.check_no_overflow()
    live.check_accessibility()
    live.shot("ceremony-de")
    page.get_by_role("checkbox", name=re.compile("Ich bin einverstanden")).check()
    page.get_by_role("button", name="Einwilligen und weiter").click()
    code = page.get_by_label("Code")
    expect(code).to_be_visible()
    code.fill(code_of(ada))
    page.get_by_role("button", name="Bestätigen", exact=True).click()
    expect(page.locator("[data-page]").first).to_be_visible()


def test_an_invitation_is_written_in_the_language_of_the_company() -> None:
    admin = acting(make_administrator("Ada Lovelace"))
    update_organization(
        admin, name="Nordwind", currency="EUR", timezone="Europe/Berlin", language="de"
    )
    invite_user(admin, email="grace@nordwind.test", name="Grace Hopper")
    sent = OutboundMessage.objects.get(to="grace@nordwind.test")
    assert sent.subject == "Ada Lovelace lädt Sie zu Nordwind auf Dealwright ein"
    assert "Wählen Sie hier ein Passwort und beginnen Sie:" in sent.text
