from django.apps import AppConfig
from django.conf import settings
from django.utils.module_loading import autodiscover_modules

from scrm import logs


class ScrmConfig(AppConfig):
    """The composition root: wires events to handlers once all apps are loaded."""

    name = "scrm"

    def ready(self) -> None:
        from scrm import celery, checks, wiring  # noqa: F401, PLC0415  handlers import models

        logs.configure(settings.LOG_LEVEL)
        autodiscover_modules("nav")
        wiring.connect()
