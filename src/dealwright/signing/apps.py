from importlib import import_module

from django.apps import AppConfig


class SigningConfig(AppConfig):
    name = "dealwright.signing"
    label = "signing"

    def ready(self) -> None:
        """Tell the ground floor what this system brings."""
        import_module("dealwright.signing.registration")
