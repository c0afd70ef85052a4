"""Addresses of messages, notices and their settings."""

from django.urls import path

from dealwright.base.messaging import (
    notice_pages,
    pages,
    settings_pages,
    unsubscribe_pages,
)

urlpatterns = [
    path("outbox", pages.outbox, name="outbox"),
    path("outbox/release", pages.release, name="outbox-release"),
    path("outbox/discard", pages.discard, name="outbox-discard"),
    path("outbox/received", pages.received, name="received"),
    path("outbox/received/<uuid:message_id>", pages.received_message, name="received-message"),
    path("outbox/received/<uuid:message_id>/html", pages.received_html, name="received-html"),
    path("outbox/<uuid:message_id>", pages.message, name="outbox-message"),
    path("outbox/<uuid:message_id>/html", pages.message_html, name="outbox-html"),
    path("outbox/<uuid:message_id>/again", pages.again, name="outbox-again"),
    path("notices", notice_pages.notices, name="notices"),
    path("notices/count", notice_pages.count, name="notices-count"),
    path("notices/read", notice_pages.read_all, name="notices-read"),
    path("notices/<uuid:notice_id>", notice_pages.open_notice, name="notice"),
    path("settings/mail", settings_pages.mail, name="settings-mail"),
    path("settings/mail/test", settings_pages.test, name="settings-mail-test"),
    path("settings/suppression", settings_pages.suppression, name="settings-suppression"),
    path("unsubscribe/<str:token>", unsubscribe_pages.unsubscribe, name="unsubscribe"),
]
