from django.apps import AppConfig


class BaseConfig(AppConfig):
    name = "dealwright.base"
    label = "base"
    verbose_name = "Ground floor"
