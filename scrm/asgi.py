"""ASGI entry point: for servers that want ASGI."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scrm.settings.dev")
application = get_asgi_application()
