"""The pages of this system; the site mounts them at the root."""

from django.urls import URLPattern, URLResolver, path

from dealwright.intelligence.attribution import pages as attribution
from dealwright.intelligence.journeys import pages as journeys
from dealwright.intelligence.scoring import pages as scoring
from dealwright.intelligence.segments import pages as segments
from dealwright.intelligence.tracking import pages as tracking
from dealwright.intelligence.tracking import settings_pages as tracking_settings

urlpatterns: list[URLPattern | URLResolver] = [
    path("e", tracking.take_batch, name="collector"),
    path("t.js", tracking.snippet, name="tracker"),
    path("settings/tracking", tracking_settings.tracking, name="settings-tracking"),
    path("journeys/<slug:object_key>/<uuid:record_id>", journeys.journey, name="journey"),
    path("reports/attribution", attribution.attribution, name="attribution"),
    path("scorecard", scoring.scorecard, name="scorecard"),
    path("segments/<uuid:record_id>/filter", segments.edit_filter),
    path("segments/<uuid:record_id>/freeze", segments.freeze),
    path("segments/<uuid:record_id>/thaw", segments.thaw),
]
