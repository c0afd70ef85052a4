from importlib import import_module

from django.apps import AppConfig


class CrmConfig(AppConfig):
    name = "dealwright.crm"
    label = "crm"

    def ready(self) -> None:
        """Tell the ground floor what this system brings."""
        import_module("dealwright.crm.registration")
