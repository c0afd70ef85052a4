from importlib import import_module

from django.apps import AppConfig


class AccelerationConfig(AppConfig):
    name = "dealwright.acceleration"
    label = "acceleration"

    def ready(self) -> None:
        """Tell the ground floor what this system brings."""
        import_module("dealwright.acceleration.registration")
