from importlib import import_module

from django.apps import AppConfig


class FlowsConfig(AppConfig):
    name = "dealwright.flows"
    label = "flows"

    def ready(self) -> None:
        """Tell the ground floor what this system brings."""
        import_module("dealwright.flows.registration")
