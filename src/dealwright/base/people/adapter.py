"""Where sign-in follows this house's rules instead of the library's."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse, SignupClosedException
from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from allauth.idp.oidc.internal.private_keys import filter_keys
from allauth.idp.oidc.models import PrivateKey
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base import AuthError, AuthProcess
from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import redirect

from dealwright.base.access.actor import change, system
from dealwright.base.encrypted_text import decrypt_text, encrypt_text
from dealwright.base.people.grants import SCOPE_WORDS
from dealwright.base.people.models import User
from dealwright.base.people.organization import organization

ACTOR = system("Sign-in", via="web")
TOTP_PURPOSE = "second factor"
CLIENT_PURPOSE = "identity provider"
# In a provider's settings: it is asked about others, and its word lets nobody in here.
SIGNERS_ONLY = "signers_only"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-up is closed: the first administrator and invitations have pages of their own."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Through the outbox, and out of the database once it is sent: it holds links."""
        from dealwright.base.messaging import send_email

        message = self.render_mail(
            template_prefix,
            email,
            {
                "request": self.request,
                "email": email,
                "company": organization().name,
                "public_url": settings.PUBLIC_URL,
                **context,
            },
        )
        with change(ACTOR):
            send_email(
                ACTOR,
                to=email,
                subject=str(message.subject),
                text=str(message.body),
                purpose="sign-in",
                sensitive=True,
            )

    def login(self, request: HttpRequest, user: User) -> None:
        """The address that an administrator gave counts as the person's own. Without one that
        counts, the library would drop it as soon as a new one is asked for."""
        if not EmailAddress.objects.filter(user=user, verified=True).exists():
            EmailAddress.objects.update_or_create(
                user=user, email=user.email, defaults={"verified": True, "primary": True}
            )
        super().login(request, user)

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """Who has not accepted the invitation begins with that, not with a new password."""
        if not user.is_placeholder:
            super().send_password_reset_mail(user, email, context)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """The handiest first: who has no password and no app is asked for the passkey, not for
        a recovery code. Who is not signed in has none, and goes to the sign-in page."""
        if not user.is_authenticated:
            return []
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        has_app = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()
        if methods and methods[0]["id"] == "mfa_reauthenticate" and not has_app:
            methods.sort(key=lambda each: each["id"] != "mfa_reauthenticate:webauthn")
        return methods

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return "/"

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        return str(settings.LOGIN_URL)


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of authenticator apps and recovery codes rest encrypted."""

    def encrypt(self, text: str) -> str:
        return encrypt_text(text, purpose=TOTP_PURPOSE)

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt_text(encrypted_text, purpose=TOTP_PURPOSE)

    def get_totp_issuer(self) -> str:
        return f"Dealwright {organization().name}".removesuffix(" Dealwright")

    def _get_site_name(self) -> str:
        return self.get_totp_issuer()


class ForeignSignInAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Sign-in through another identity provider, for people who are invited or here."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[Any]:
        """The configured providers, with their client secrets opened."""
        apps: list[Any] = super().list_apps(request, provider=provider, client_id=client_id)
        for app in apps:
            if app.pk and app.secret:
                app.secret = decrypt_text(app.secret, purpose=CLIENT_PURPOSE)
        return apps

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Any = None,
        extra_context: Any = None,
    ) -> None:
        """Who went there to prove something goes back to where that was asked, and is told."""
        state = (extra_context or {}).get("state") or {}
        if state.get("process") == AuthProcess.REDIRECT and state.get("next"):
            told = "cancelled" if error == AuthError.CANCELLED else "failed"
            raise ImmediateHttpResponse(redirect(f"{state['next']}?proof={told}"))

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """An invited person who proves the address elsewhere has accepted the invitation."""
        from dealwright.base.people.invitations import join_by_proven_address

        if sociallogin.state.get("process") == AuthProcess.REDIRECT:
            return  # an address is proven for something else; nobody signs in
        if sociallogin.provider.app.settings.get(SIGNERS_ONLY):
            raise ImmediateHttpResponse(redirect("socialaccount_login_cancelled"))
        waiting = sociallogin.is_existing and sociallogin.user.is_placeholder
        if waiting and not join_by_proven_address(sociallogin.user):
            raise SignupClosedException


class IdentityProviderAdapter(DefaultOIDCAdapter):  # type: ignore[misc]
    """Signs for other programs with a key made at install."""

    scope_display: ClassVar = {**DefaultOIDCAdapter.scope_display, **SCOPE_WORDS}

    def list_private_keys(self, *, did_activate: Any = None, is_active: Any = None) -> list[Any]:
        keys: list[Any] = filter_keys(
            [PrivateKey(pem=signing_key())], did_activate=did_activate, is_active=is_active
        )
        return keys

    def get_issuer(self) -> str:
        return str(settings.PUBLIC_URL)

    def populate_server_metadata(self, data: dict[str, Any]) -> None:
        """Names all that a program may ask a person for."""
        data["scopes_supported"] = [*data["scopes_supported"], *SCOPE_WORDS]


def signing_key() -> str:
    """The RSA key of the identity provider, made on first use, readable by us alone."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    given = os.environ.get("DEALWRIGHT_SECRET_OIDC_KEY", "")
    if given:
        return given
    path: Path = settings.DATA_DIR / "secrets" / "oidc-key"
    if not path.exists():
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".oidc-key.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
        # Of two processes that make one at once, both take the one that was linked first.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text()
