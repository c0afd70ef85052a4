from importlib import import_module

from django.apps import AppConfig


class CompensationConfig(AppConfig):
    name = "dealwright.compensation"
    label = "compensation"

    def ready(self) -> None:
        """Tell the ground floor what this system brings."""
        import_module("dealwright.compensation.registration")
