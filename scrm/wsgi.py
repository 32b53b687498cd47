"""WSGI entry point: gunicorn scrm.wsgi."""

import os

from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scrm.settings.dev")
application = get_wsgi_application()
application = import_string("wecom.front.callbacks_first")(application)  # imports models: only once set up
