"""The test suite: real PostgreSQL and Valkey, a database of its own name."""

import zlib
from urllib.parse import urlsplit, urlunsplit

from scrm import env
from scrm.settings.base import *  # noqa: F403

ALLOWED_HOSTS = ["*"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
TEST_DATABASE = env.text("QUNCE_TEST_DB", "test_qunce")
for _alias in DATABASES.values():  # noqa: F405
    _alias["TEST"] = {"NAME": TEST_DATABASE}
    _alias["CONN_MAX_AGE"] = 0
# Emptying the cache empties a whole Valkey database: each worker of each suite has one of its own, never 0. So has a
# run without workers (-1), which may stand beside one with them, as its database does.
_worker = int(env.text("PYTEST_XDIST_WORKER", "gw-1").removeprefix("gw") or -1)
_own = 1 + (zlib.crc32(TEST_DATABASE.encode()) % 7 * 2 + _worker) % 15
REDIS_URL = urlunsplit(urlsplit(REDIS_URL)._replace(path=f"/{_own}"))  # noqa: F405
CELERY_BROKER_URL = CACHES["default"]["LOCATION"] = REDIS_URL  # noqa: F405
VALKEY_PREFIX = f"{TEST_DATABASE}_{_worker}"
CACHES["default"]["KEY_PREFIX"] = VALKEY_PREFIX  # noqa: F405
CLOCK_FILE = ""
PAYMENTS = "sandbox"
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
DATABASE_ROUTERS = []  # so that Django's flush between transactional tests sees the tables
WHITENOISE_AUTOREFRESH = True  # no collectstatic before the tests
