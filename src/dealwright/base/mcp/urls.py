"""Addresses of the tools."""

from django.urls import path

from dealwright.base.mcp import downloads, transport

urlpatterns = [
    path("mcp", transport.endpoint, name="mcp"),
    path("mcp/files/<str:secret>", downloads.take, name="mcp-file"),
    path(".well-known/oauth-protected-resource/mcp", transport.resource_metadata),
]
