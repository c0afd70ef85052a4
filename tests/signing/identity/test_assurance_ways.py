"""Sent to an identity provider that checks people: the way there, the choice, the settings."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from base.people.identity_provider import Provider, identity_provider
from dealwright.base.errors import Invalid, NotAllowed
from dealwright.base.people.identity import add_provider, providers, remove_provider
from dealwright.base.people.tokens import create_token
from dealwright.signing.blueprints.models import SigningTemplate
from dealwright.signing.blueprints.using import Filling, use_template
from dealwright.signing.envelopes.asking import change_identity
from dealwright.signing.envelopes.drafts import NewRecipient
from dealwright.signing.identity.choices import IdentityChoice
from dealwright.signing.identity.models import ProviderChecks
from dealwright.signing.identity.provider_checks import save_provider_checks
from make import acting, make_administrator, make_user
from signing.identity.assuring import (
    ADDRESS,
    ALL,
    asked,
    begin,
    checked,
    come_through,
    only_provider,
    proof_of,
    set_up,
    there,
)
from signing.make import make_pdf, make_sent_envelope, recipient_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("limits_anew")]


class TestTheWayThere:
    def test_who_gives_up_there_comes_back_and_is_told(self, provider: Provider) -> None:
        provider.error = "access_denied"
        recipient = asked()
        client, address = begin(recipient)
        back = client.get(there(client, address))
        assert back.headers["Location"] == f"{address}?proof=cancelled"
        page = client.get(back.headers["Location"])
        assert page.status_code == 422
        assert "You came back without confirming who you are." in page.content.decode()

    @pytest.mark.parametrize("error", ["server_error", "invalid_request"])
    def test_a_provider_that_cannot_finish(self, provider: Provider, error: str) -> None:
        provider.error = error
        client, address = begin(asked())
        back = client.get(there(client, address))
        assert back.headers["Location"] == f"{address}?proof=failed"

    def test_a_provider_that_breaks_down_behind(self, provider: Provider) -> None:
        provider.is_down = True
        recipient = asked()
        client, address = begin(recipient)
        assert client.get(there(client, address)).headers["Location"] == f"{address}?proof=failed"
        assert recipient.identity_steps.get().attempts == 0

    def test_a_provider_that_is_gone(self) -> None:
        with identity_provider() as running:
            add_provider(
                acting(make_administrator()),
                name="Ident",
                issuer=running.url,
                client_id="dealwright",
                secret="the client's secret",
            )
        set_up(only_provider())
        client, address = begin(asked())
        page = client.post(f"{address}/provider")
        assert page.status_code == 422
        assert "The identity provider does not answer." in page.content.decode()

    def test_another_state_leads_nowhere(self, provider: Provider) -> None:
        provider.more = {"verified_claims": checked()}
        recipient = asked()
        client, address = begin(recipient)
        back = there(client, address)
        assert client.get(back.replace("state=", "state=x")).status_code == 401
        recipient.refresh_from_db()
        assert recipient.verified_at is None

    def test_the_same_return_twice_leads_nowhere(self, provider: Provider) -> None:
        recipient = asked()
        client, address = begin(recipient)
        back = there(client, address)
        assert "more tries" in client.get(back).content.decode()
        provider.more = {"verified_claims": checked()}
        assert client.get(back).status_code == 401
        recipient.refresh_from_db()
        assert recipient.verified_at is None

    def test_a_return_in_another_browser_leads_nowhere(self, provider: Provider) -> None:
        provider.more = {"verified_claims": checked()}
        recipient = asked()
        client, address = begin(recipient)
        back = there(client, address)
        assert Client().get(back).status_code == 401
        recipient.refresh_from_db()
        assert recipient.verified_at is None

    def test_a_check_no_longer_offered(self, provider: Provider) -> None:
        recipient = asked()
        set_up(only_provider(), offers=["questions"])
        client, address = begin(recipient)
        page = client.post(f"{address}/provider")
        assert "not set up for the check any more" in page.content.decode()

    def test_a_provider_that_was_removed(self, provider: Provider) -> None:
        recipient = asked()
        remove_provider(acting(make_administrator()), only_provider())
        client, address = begin(recipient)
        gone = client.post(f"{address}/provider")
        assert gone.status_code == 404
        assert "not set up any more. Ask the sender." in gone.content.decode()
        assert client.get(address).status_code == 200


class TestChoosing:
    def test_wrong_choices(self, provider: Provider) -> None:
        set_up(only_provider(), offers=["document"])
        for given, told in (
            ({"assurance": "document_face"}, "Ident is not set up for this check"),
            ({"assurance": "blood"}, "nothing that can be checked"),
            ({"assurance": "document", "other_name": "maybe"}, "refused or shown"),
            ({"assurance": "document", "provider": "none"}, "identity providers"),
            ({"assurance": "document", "identity_methods": ["email_otp"]}, "identity provider"),
        ):
            values: dict[str, Any] = {"identity_methods": ["idp"], "provider": "ident", **given}
            with pytest.raises(Invalid, match=told):
                make_sent_envelope(
                    recipients=[NewRecipient(name="Ada", email="ada@x.test", **values)]
                )

    def test_the_sender_asks_for_it_afterwards(self, provider: Provider) -> None:
        provider.more = {"verified_claims": checked()}
        envelope = make_sent_envelope(
            recipients=[NewRecipient(name="Ada Lovelace", email=ADDRESS, role="approver")]
        )
        ada = recipient_of(envelope, "Ada")
        owner = acting(envelope.owner)
        choice = IdentityChoice(methods=["idp"], provider="ident", assurance="document")
        change_identity(owner, envelope.pk, ada.pk, choice)
        with pytest.raises(Invalid, match="Nothing was changed"):
            change_identity(owner, envelope.pk, ada.pk, choice)
        change_identity(
            owner,
            envelope.pk,
            ada.pk,
            IdentityChoice(
                methods=["idp"], provider="ident", assurance="document", other_name="show"
            ),
        )
        come_through(ada)
        assert proof_of(ada).payload["assurance"] == "document"

    def test_in_the_form_of_a_new_envelope(self, provider: Provider) -> None:
        client = Client()
        client.force_login(make_user())
        page = client.get("/send-for-signature").content.decode()
        assert '<option value="document_face"' in page
        assert "Ident (ID document and face, ID document, Knowledge questions)" in page

    def test_on_the_page_of_one_recipient(self, provider: Provider) -> None:
        envelope = make_sent_envelope(
            recipients=[NewRecipient(name="Ada Lovelace", email=ADDRESS, role="approver")]
        )
        ada = recipient_of(envelope, "Ada")
        client = Client()
        client.force_login(envelope.owner)
        address = f"/envelopes/{envelope.pk}/identity/{ada.pk}"
        assert "ID document and face" in client.get(address).content.decode()
        given = {"identity": "document_face", "provider": "ident", "other_name": "show"}
        assert client.post(address, given).status_code == 303
        step = ada.identity_steps.get()
        assert (step.method, step.assurance, step.other_name) == ("idp", "document_face", "show")

    def test_by_the_api(self, provider: Provider) -> None:
        envelope = make_sent_envelope(
            recipients=[NewRecipient(name="Ada Lovelace", email=ADDRESS, role="approver")]
        )
        ada = recipient_of(envelope, "Ada")
        token = create_token(acting(envelope.owner), name="Portal", scopes=["signing:write"])

        def ask(**given: Any) -> int:
            return (
                Client()
                .post(
                    f"/api/v1/envelopes/{envelope.pk}/recipients/{ada.pk}/identity",
                    {"identity_methods": ["idp"], "provider": "ident", **given},
                    content_type="application/json",
                    headers={"Authorization": f"Bearer {token.secret}"},
                )
                .status_code
            )

        assert ask(assurance="blood") == 422
        assert ask(assurance="document", other_name="maybe") == 422
        assert ask(assurance="document", other_name="show") == 200
        step = ada.identity_steps.get()
        assert (step.destination, step.assurance, step.other_name) == ("ident", "document", "show")

    def test_in_a_template(self, provider: Provider) -> None:
        client = Client()
        client.force_login(make_user())
        file = SimpleUploadedFile("Order.pdf", make_pdf("The order."), "application/pdf")
        made = client.post(
            "/signing-templates/new",
            {
                "name": "Order",
                "documents": file,
                "role_name": ["Customer"],
                "role": ["signer"],
                "role_order": ["1"],
                "role_identity": ["idp:ident:document"],
                "role_condition": [""],
                "role_group": [""],
                "person_name": [""],
                "person_email": [""],
                "title": "Order",
                "language": "en",
                "expires_days": "30",
            },
        )
        assert made.status_code == 303, made.content.decode()
        template = SigningTemplate.objects.get()
        assert template.roles[0]["identity_method"] == "idp"
        page = client.get(f"/signing-templates/{template.pk}/change").content.decode()
        assert '<option value="idp:ident:document" selected>ID document (Ident)' in page
        envelope = use_template(
            acting(template.owner),
            template.pk,
            Filling(people={1: ("Ada Lovelace", ADDRESS)}),
            send=True,
        )
        step = envelope.recipients.get().identity_steps.get()
        assert (step.destination, step.assurance) == ("ident", "document")


class TestSettings:
    def test_an_administrator_says_what_is_checked(self, provider: Provider) -> None:
        client = Client()
        client.force_login(make_administrator())
        address = f"/settings/signing/providers/{only_provider()}"
        assert "What Ident checks" in client.get(address).content.decode()
        given = {
            "offers": ["document", "questions"],
            "most_days": "90",
            "trust_framework": "eidas",
            "acr_values": " loa3  loa4 ",
        }
        assert client.post(address, given).status_code == 303
        row = ProviderChecks.objects.get()
        assert (row.offers, row.most_days) == (["document", "questions"], 90)
        assert (row.trust_framework, row.acr_values) == ("eidas", "loa3 loa4")
        page = client.get("/settings/signing").content.decode()
        assert "ID document, Knowledge questions" in page
        assert providers()[0].settings["signers_only"] is False
        client.post(address, {**given, "signers_only": "on"})
        assert providers()[0].settings["signers_only"] is True

    def test_wrong_values(self, provider: Provider) -> None:
        for given, place in (
            ({"offers": ["blood"]}, "offers"),
            ({"most_days": "0"}, "most_days"),
            ({"most_days": "ten"}, "most_days"),
            ({"trust_framework": "two words"}, "trust_framework"),
            ({"acr_values": "x" * 401}, "acr_values"),
        ):
            with pytest.raises(Invalid) as error:
                set_up(only_provider(), **given)
            assert list(error.value.fields) == [place]

    def test_nobody_else_may(self, provider: Provider) -> None:
        with pytest.raises(NotAllowed):
            save_provider_checks(
                acting(make_user()),
                only_provider(),
                offers=ALL,
                trust_framework="",
                acr_values="",
                most_days="1",
            )
        client = Client()
        client.force_login(make_user())
        assert client.get(f"/settings/signing/providers/{only_provider()}").status_code == 403
