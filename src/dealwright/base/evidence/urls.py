"""Addresses of the evidence."""

from django.urls import path

from dealwright.base.evidence import pages

urlpatterns = [
    path("evidence", pages.chains, name="evidence"),
    path("evidence/<path:key>", pages.chain, name="evidence-chain"),
]
