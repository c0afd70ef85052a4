"""Addresses for supervisors and Prometheus."""

from django.urls import path

from dealwright.base.operations import pages

urlpatterns = [
    path("healthz", pages.healthz),
    path("readyz", pages.readyz),
    path("metrics", pages.metrics),
]
