"""The pages of this system; the site mounts them at the root."""

from django.urls import URLPattern, URLResolver, path

from dealwright.acceleration.forecasts import pages as forecasts
from dealwright.acceleration.leaderboards import pages as leaderboards
from dealwright.acceleration.playbooks import pages as playbooks
from dealwright.acceleration.sequences import pages as sequences

urlpatterns: list[URLPattern | URLResolver] = [
    path("sequences/<uuid:record_id>/steps", sequences.steps, name="sequence-steps"),
    path("contacts/<uuid:record_id>/enroll", sequences.enroll, {"object_key": "contact"}),
    path("leads/<uuid:record_id>/enroll", sequences.enroll, {"object_key": "lead"}),
    path("enrollments/<uuid:record_id>/stop", sequences.stop),
    path("leaderboard", leaderboards.board, name="leaderboard"),
    path("forecast", forecasts.forecast_page, name="forecast"),
    path("opportunities/<uuid:record_id>/plays/<uuid:play_id>", playbooks.tick_item),
    path("plays/<uuid:record_id>/checklist", playbooks.checklist),
]
