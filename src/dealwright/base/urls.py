"""The pages of the ground floor."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("dealwright.base.operations.urls")),
    path("", include("dealwright.base.transfer.urls")),
]
