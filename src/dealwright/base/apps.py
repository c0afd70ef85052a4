from importlib import import_module

from django.apps import AppConfig


class BaseConfig(AppConfig):
    name = "dealwright.base"
    label = "base"
    verbose_name = "Ground floor"

    def ready(self) -> None:
        """Set logging up; make jobs, pollers and events known before any process uses them."""
        import_module("dealwright.base.operations.logs").configure_logging()
        import_module("dealwright.base.registration")
