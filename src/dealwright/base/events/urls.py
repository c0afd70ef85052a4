"""Addresses of the events room."""

from django.urls import path

from dealwright.base.events import pages

urlpatterns = [
    path("settings/events", pages.events, name="events"),
    path("settings/events/<int:delivery_id>/retry", pages.retry, name="retry-delivery"),
    path("settings/webhooks", pages.webhooks, name="webhooks"),
    path("settings/webhooks/<uuid:endpoint_id>", pages.webhook, name="webhook"),
    path("settings/webhooks/<uuid:endpoint_id>/<slug:verb>", pages.webhook_act, name="webhook-act"),
    path("settings/webhook-messages/<uuid:message_id>", pages.message, name="webhook-message"),
]
