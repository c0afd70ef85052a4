"""Addresses of the jobs room."""

from django.urls import path

from dealwright.base.jobs import pages

urlpatterns = [
    path("jobs", pages.runs, name="jobs"),
    path("jobs/<uuid:run_id>", pages.run, name="job"),
    path("jobs/<uuid:run_id>/progress", pages.progress, name="job-progress"),
    path("jobs/<uuid:run_id>/cancel", pages.cancel, name="cancel-job"),
    path("settings/jobs", pages.queue, name="queue"),
    path("settings/jobs/<int:number>/retry", pages.retry, name="retry-job"),
]
