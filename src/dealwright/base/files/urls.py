"""Addresses of files."""

from django.urls import path

from dealwright.base.files import pages

urlpatterns = [
    path("files", pages.upload, name="files"),
    path("files/<uuid:file_id>", pages.show, name="file"),
    path("files/<uuid:file_id>/page/<int:number>.png", pages.page_preview, name="file-page"),
    path("files/<uuid:file_id>/delete", pages.remove, name="file-delete"),
    path("files/<uuid:file_id>/restore", pages.restore, name="file-restore"),
]
