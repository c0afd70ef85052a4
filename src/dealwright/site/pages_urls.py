"""Home and the pages that know several systems."""

from django.urls import URLPattern, URLResolver, path

from dealwright.site.home import pages

urlpatterns: list[URLPattern | URLResolver] = [
    path("", pages.home, name="home"),
]
