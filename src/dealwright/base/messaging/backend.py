"""Django's own mail (sign-in links, password resets) goes through the outbox like any other."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import parseaddr
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from dealwright.base.access.actor import change, system
from dealwright.base.messaging.outbox import send_email


class OutboxBackend(BaseEmailBackend):
    """Writes each message into the outbox, one per receiver; their text is not kept."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        actor = system("Dealwright accounts")
        for message in email_messages:
            alternatives: Sequence[Any] = getattr(message, "alternatives", None) or ()
            html = next((str(body) for body, kind in alternatives if kind == "text/html"), "")
            with change(actor):
                for receiver in [*message.to, *message.cc, *message.bcc]:
                    name, address = parseaddr(receiver)
                    send_email(
                        actor,
                        to=address,
                        to_name=name,
                        subject=str(message.subject),
                        text=str(message.body),
                        html=html,
                        purpose="account",
                        sensitive=True,
                    )
        return len(email_messages)
