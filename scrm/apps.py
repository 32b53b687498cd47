from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ScrmConfig(AppConfig):
    """The composition root: wires events to handlers once all apps are loaded."""

    name = "scrm"

    def ready(self) -> None:
        from scrm import celery, checks, wiring  # noqa: F401, PLC0415  handlers import models

        autodiscover_modules("nav")
        wiring.connect()
