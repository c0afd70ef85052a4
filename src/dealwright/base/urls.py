"""The pages of the ground floor."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("dealwright.base.evidence.urls")),
    path("", include("dealwright.base.files.urls")),
    path("", include("dealwright.base.mcp.urls")),
    path("", include("dealwright.base.messaging.urls")),
    path("", include("dealwright.base.operations.urls")),
    path("", include("dealwright.base.people.urls")),
    path("", include("dealwright.base.events.urls")),
    path("", include("dealwright.base.jobs.urls")),
    path("", include("dealwright.base.transfer.urls")),
    path("", include("dealwright.base.web.urls")),
]
