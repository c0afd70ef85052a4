"""Addresses of the shell: undo, lookups, palette, settings, the parts of the installed app."""

from django.urls import path

from dealwright.base.web import app_pages, gallery, palette, search_page
from dealwright.base.web.records import bin_page, lookups, writes
from dealwright.base.web.settings import access, calendars, fields, profile, rates

urlpatterns = [
    path("undo/<uuid:step_id>", writes.undo, name="undo"),
    path("lookup/<slug:object_key>", lookups.lookup, name="lookup"),
    path("palette", palette.palette, name="palette"),
    path("search", search_page.search_page, name="search"),
    path("bin", bin_page.bin_page, name="bin"),
    path("settings", profile.settings_home, name="settings"),
    path("settings/profile", profile.profile, name="profile"),
    path("settings/theme", profile.theme, name="theme"),
    path("settings/fields", fields.fields, name="settings-fields"),
    path("settings/fields/<uuid:field_id>", fields.field),
    path("settings/fields/<uuid:field_id>/<str:verb>", fields.act),
    path("settings/rates", rates.rates, name="settings-rates"),
    path("settings/calendars", calendars.calendars, name="settings-calendars"),
    path("settings/calendars/<uuid:calendar_id>", calendars.calendars),
    path("settings/calendars/<uuid:calendar_id>/delete", calendars.remove),
    path("settings/access", access.access, name="settings-access"),
    path("settings/access/rules/new", access.new_rule),
    path("settings/access/rules/<uuid:rule_id>", access.rule),
    path("settings/access/rules/<uuid:rule_id>/delete", access.remove_rule),
    path("design", gallery.gallery, name="design"),
    path("manifest.webmanifest", app_pages.manifest, name="manifest"),
    path("service-worker.js", app_pages.service_worker, name="service-worker"),
    path("offline", app_pages.offline, name="offline"),
]
