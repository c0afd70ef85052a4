from importlib import import_module

from django.apps import AppConfig


class ContractsConfig(AppConfig):
    name = "dealwright.contracts"
    label = "contracts"

    def ready(self) -> None:
        """Tell the ground floor what this system brings."""
        import_module("dealwright.contracts.registration")
