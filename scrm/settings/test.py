"""The test suite: real PostgreSQL and Valkey, a database of its own name."""

from scrm import env
from scrm.settings.base import *  # noqa: F403

ALLOWED_HOSTS = ["*"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
TEST_DATABASE = env.text("QUNCE_TEST_DB", "test_qunce")
for _alias in DATABASES.values():  # noqa: F405
    _alias["TEST"] = {"NAME": TEST_DATABASE}
    _alias["CONN_MAX_AGE"] = 0
VALKEY_PREFIX = TEST_DATABASE
CACHES["default"]["KEY_PREFIX"] = VALKEY_PREFIX  # noqa: F405
CLOCK_FILE = ""
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
DATABASE_ROUTERS = []  # so that Django's flush between transactional tests sees the tables
WHITENOISE_AUTOREFRESH = True  # no collectstatic before the tests
