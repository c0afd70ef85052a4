from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "dealwright.site"
    label = "site"
