"""All addresses: the ground floor's pages, each system's, the API."""

from importlib import import_module

from allauth.idp.oidc.views import configuration
from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from dealwright.base.people import openid
from dealwright.base.people.pages.entrance import authorize, connect_device, login
from dealwright.site import tools as _tools  # noqa: F401  makes the tools known
from dealwright.site.api import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("me/login/", login),
    path("me/oidc/<str:provider_id>/login/callback/", openid.callback),
    path("me/", include("allauth.urls")),
    path("identity/o/device", connect_device),
    path("identity/o/authorize", authorize),
    path(".well-known/oauth-authorization-server", configuration),
    path("", include("allauth.idp.urls")),
    path("api/v1/", api.urls),
    path("", include("dealwright.site.pages_urls")),
    path("", include("dealwright.base.urls")),
    *(
        path("", include(f"{system}.urls"))
        for system in settings.SYSTEMS
        if import_module(f"{system}.urls").urlpatterns
    ),
    # Last, so that a room may draw a page of its own at such an address.
    path("", include("dealwright.base.web.records.urls")),
]

handler400 = "dealwright.base.web.errors.bad_request"
handler403 = "dealwright.base.web.errors.forbidden"
handler404 = "dealwright.base.web.errors.not_found"
handler500 = "dealwright.base.web.errors.crashed"
