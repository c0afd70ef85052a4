from importlib import import_module

from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "dealwright.site"
    label = "site"

    def ready(self) -> None:
        """Lay out the navigation and the home page, which only this room knows as a whole, and
        name the evidence of rooms that have no records in the registry for it."""
        import_module("dealwright.site.navigation")
        import_module("dealwright.site.home.cards")
        import_module("dealwright.site.evidence")
