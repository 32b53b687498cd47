"""WSGI entry point: gunicorn scrm.wsgi, best with --preload.

What every request needs is loaded here, before the server forks, and the collector leaves it alone from then on: the
workers share those pages, and the first page is as fast as the second.
"""

import gc
import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import reverse
from django.utils import translation
from django.utils.module_loading import import_string

from scrm import worker_figures

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scrm.settings.dev")


def _warm() -> None:
    """Read the URL patterns, with every view they name, and the catalogues."""
    reverse(settings.LOGIN_URL)
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            translation.gettext("Today")
    gc.collect()
    gc.freeze()


worker_figures.share()
application = get_wsgi_application()
application = import_string("wecom.inbox.front.callbacks_first")(
    application
)  # imports models: only once set up
_warm()
