from importlib import import_module

from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "dealwright.site"
    label = "site"

    def ready(self) -> None:
        """Lay out the navigation and the home page, which only this room knows as a whole."""
        import_module("dealwright.site.navigation")
        import_module("dealwright.site.home.cards")
