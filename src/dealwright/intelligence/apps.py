from importlib import import_module

from django.apps import AppConfig


class IntelligenceConfig(AppConfig):
    name = "dealwright.intelligence"
    label = "intelligence"

    def ready(self) -> None:
        """Tell the ground floor what this system brings."""
        import_module("dealwright.intelligence.registration")
