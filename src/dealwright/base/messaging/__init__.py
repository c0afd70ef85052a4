"""Messages: e-mail and SMS out and in, templates, notices, and who must not be written to."""

from dealwright.base.messaging.inbound import receive_email
from dealwright.base.messaging.liquid_text import (
    check_template,
    missing_names,
    render_template_text,
)
from dealwright.base.messaging.message_templates import fill_in
from dealwright.base.messaging.notices import notify, unread_count
from dealwright.base.messaging.outbox import get_message, send_email, send_sms, visible_messages
from dealwright.base.messaging.suppression import (
    suppress_address,
    suppressed_reason,
    suppressed_reasons,
    unsubscribe_url,
)

__all__ = [
    "check_template",
    "fill_in",
    "get_message",
    "missing_names",
    "notify",
    "receive_email",
    "render_template_text",
    "send_email",
    "send_sms",
    "suppress_address",
    "suppressed_reason",
    "suppressed_reasons",
    "unread_count",
    "unsubscribe_url",
    "visible_messages",
]
