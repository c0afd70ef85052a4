"""In a browser: a code by WhatsApp and by a bridge, and an identity checked by a provider."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from base.people.identity_provider import Provider, identity_provider
from browser import PHONE, Live
from dealwright.base.messaging.models import OutboundMessage
from dealwright.base.people.identity import add_provider, providers
from dealwright.signing.envelopes.drafts import NewRecipient
from dealwright.signing.envelopes.models import Recipient
from dealwright.signing.identity.provider_checks import save_provider_checks
from make import acting, make_administrator, make_user
from signing.identity.assuring import ALL, checked, named
from signing.identity.gateways import Gateway, gateway
from signing.identity.texting import set_up
from signing.make import make_sent_envelope, recipient_of
from signing.visiting import consent

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def outside() -> Iterator[Gateway]:
    """Both a provider with Twilio's interface and a bridge."""
    with gateway() as running:
        set_up(running, running)
        yield running


@pytest.fixture
def provider() -> Iterator[Provider]:
    with identity_provider() as running:
        running.email = "somebody@wallet.test"
        administrator = acting(make_administrator())
        made = add_provider(
            administrator,
            name="Ident",
            issuer=running.url,
            client_id="dealwright",
            secret="the client's secret",
        )
        save_provider_checks(
            administrator, made.pk, offers=ALL, trust_framework="", acr_values="", most_days="30"
        )
        yield running


def asked(**given: object) -> Recipient:
    ada = NewRecipient(
        name="Ada Lovelace",
        email="ada@buyer.test",
        role="approver",
        **given,  # type: ignore[arg-type]
    )
    return recipient_of(make_sent_envelope(recipients=[ada]), "Ada")


def looked_at(live: Live) -> None:
    live.ready()
    live.check_no_overflow()
    live.check_accessibility()


@pytest.mark.parametrize(
    ("method", "own", "carried"),
    [("whatsapp_otp", "phone", "WhatsApp"), ("messenger_otp", "messenger", "Signal")],
)
def test_a_code_by_a_messenger(
    live: Live, outside: Gateway, method: str, own: str, carried: str
) -> None:
    live.use(PHONE)
    ada = asked(identity_methods=[method], **{own: "+49 1512 3456789"})
    page = consent(live, ada)
    expect(
        page.get_by_text(f"We sent a code of six digits by {carried} to •••789.")
    ).to_be_visible()
    looked_at(live)
    page.get_by_label("Code").fill(OutboundMessage.objects.get(channel="sms").text[:6])
    page.get_by_role("button", name="Confirm", exact=True).click()
    expect(page.locator("[data-page]").first).to_be_visible()


@pytest.mark.parametrize(
    ("assurance", "told", "kind", "methods"),
    [
        (
            "document_face",
            "your identity card or passport and your face",
            "document",
            ("vri", "bvr"),
        ),
        ("document", "checks your identity card or passport. Have", "document", ("vpip",)),
        ("questions", "questions that only you can answer", "electronic_record", ("kbv",)),
    ],
)
def test_an_identity_checked_elsewhere(
    live: Live, provider: Provider, assurance: str, told: str, kind: str, methods: tuple[str, ...]
) -> None:
    live.use(PHONE)
    live.ignore("422")  # answers that do not do
    ada = asked(identity_methods=["idp"], provider="ident", assurance=assurance)
    page = consent(live, ada)
    expect(page.get_by_role("heading", name="Have your identity checked")).to_be_visible()
    expect(page.get_by_text(told)).to_be_visible()
    looked_at(live)

    provider.error = "access_denied"
    page.get_by_role("button", name="Go to Ident").click()
    expect(page.get_by_text("You came back without confirming who you are.")).to_be_visible()

    provider.error, provider.more = "", {"verified_claims": named("Grace", "Hopper")}
    page.get_by_role("button", name="Go to Ident").click()
    expect(page.get_by_text("4 more tries")).to_be_visible()
    looked_at(live)

    provider.more = {"verified_claims": checked(kind, methods)}
    page.get_by_role("button", name="Go to Ident").click()
    expect(page.locator("[data-page]").first).to_be_visible()


def test_setting_it_up_and_asking_for_it(live: Live, outside: Gateway, provider: Provider) -> None:
    live.sign_in(make_administrator())
    live.use(PHONE)
    page = live.open("/settings/signing/messengers")
    looked_at(live)
    page.get_by_role("checkbox", name="Make a new secret").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-secret]")).to_contain_text("whsec_")
    looked_at(live)
    page.get_by_label("To", exact=True).fill("+49 1512 3456789")
    page.get_by_role("button", name="Send a test message").click()
    expect(page.get_by_text("A test message went to")).to_be_visible()

    page = live.open(f"/settings/signing/providers/{providers()[0].pk}")
    looked_at(live)
    page.get_by_role("checkbox", name="Knowledge questions").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("cell", name="ID document and face, ID document")).to_be_visible()
    looked_at(live)

    # What a sender sees follows what is set up.
    live.sign_in(make_user())
    page = live.open("/send-for-signature")
    page.locator("summary", has_text="More").first.click()
    ways = page.get_by_label("Shows who they are by").first
    ways.select_option(label="ID document and face")
    expect(page.get_by_label("If the checked name differs").first).to_be_visible()
    expect(ways.locator("option", has_text="Knowledge questions")).to_have_count(0)
    ways.select_option(label="Code by Signal")
    expect(page.get_by_label("Number in Signal").first).to_be_visible()
    expect(page.get_by_label("If the checked name differs").first).to_be_hidden()
    looked_at(live)
