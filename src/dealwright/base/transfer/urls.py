"""Addresses of import and export."""

from django.urls import path

from dealwright.base.transfer import pages

urlpatterns = [
    path("import", pages.start, name="import"),
    path("import/<uuid:job_id>", pages.show, name="import-job"),
    path("import/<uuid:job_id>/object/<int:place>", pages.choose_object),
    path("import/<uuid:job_id>/accept", pages.accept),
    path("import/<uuid:job_id>/undo", pages.undo),
    path("<slug:slug>/export", pages.export, name="export"),
]
