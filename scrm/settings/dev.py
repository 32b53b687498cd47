"""One machine: the demo, the smoke run, development."""

from scrm.settings.base import *  # noqa: F403

ALLOWED_HOSTS = ["*"]
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = BASE_DIR / ".local" / "mail"  # noqa: F405
