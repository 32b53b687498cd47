"""WSGI entry point: gunicorn scrm.wsgi."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scrm.settings.dev")
application = get_wsgi_application()
