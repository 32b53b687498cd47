from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ConsoleConfig(AppConfig):
    name = "console"

    def ready(self) -> None:
        """Let every app add its menu items, searches, freshness and notices."""
        autodiscover_modules("nav")
