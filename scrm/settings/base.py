"""Settings shared by every environment. Differences live in dev, test and prod."""

from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from scrm import env

BASE_DIR = env.BASE_DIR

SECRET_KEY = env.required("QUNCE_SECRET_KEY")
FIELD_KEYS = env.names("QUNCE_FIELD_KEY", [])  # Fernet keys, newest first; secrets at rest
DEBUG = False
ALLOWED_HOSTS = env.names("QUNCE_HOSTS", [])
CSRF_TRUSTED_ORIGINS = env.names("QUNCE_TRUSTED_ORIGINS", [])
PUBLIC_URL = env.text("QUNCE_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")

# --- WeCom
WECOM_API_BASE = env.text("QUNCE_WECOM_API_BASE", "https://qyapi.weixin.qq.com").rstrip("/")
WECOM_OPEN_BASE = env.text("QUNCE_WECOM_OPEN_BASE", "https://open.weixin.qq.com").rstrip("/")
# Scanning has a host of its own at WeCom; whoever stands in for the one stands in for the other.
_SCAN_BASE = "https://login.work.weixin.qq.com"
WECOM_LOGIN_BASE = env.text(
    "QUNCE_WECOM_LOGIN_BASE",
    _SCAN_BASE if WECOM_OPEN_BASE == "https://open.weixin.qq.com" else WECOM_OPEN_BASE,
).rstrip("/")
WECOM_TIMEOUT_S = env.number("QUNCE_WECOM_TIMEOUT_S", 10)
# Where the process with the vendor's archive library answers; empty: no archive, files can still be imported.
WECOM_ARCHIVE_GATEWAY = env.text("QUNCE_WECOM_ARCHIVE_GATEWAY").rstrip("/")
WECOM_EGRESS = env.text("QUNCE_WECOM_EGRESS", "one")  # hosts whose calls leave from one address share a name
TENANT_WEIGHTS = env.names("QUNCE_TENANT_WEIGHTS", [])  # "12:2": tenant 12 gets two slices in a turn
CALLBACK_SKEW_S = env.number("QUNCE_CALLBACK_SKEW_S", 600)
CALLBACK_BODY_BYTES = env.number("QUNCE_CALLBACK_BODY_BYTES", 256 * 1024)

# --- Prometheus: who may read /metrics. Without a token only this machine itself may.
METRICS_TOKEN = env.text("QUNCE_METRICS_TOKEN")

# --- Audit: a folder, better on another machine, that gets the head of each company's chain every day (docs/audit.md)
AUDIT_HEADS = env.text("QUNCE_AUDIT_HEADS")

# --- Clock: one clock for everything that decides by time (tenants.clock)
CLOCK_FILE = env.text("QUNCE_CLOCK_FILE")
# Who pays red packets: "hand" (a person pays outside and notes it) or "sandbox" (nobody is paid; for trying it out).
PAYMENTS = env.text("QUNCE_PAYMENTS", "hand")
TICK_SCALE = env.decimal("QUNCE_TICK_SCALE", 1.0)  # beat ticks this much slower (> 1) or faster

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_prometheus",
    "health_check",
    "csp",
    "django_htmx",
    "django_filters",
    "django_tables2",
    "crispy_forms",
    "crispy_bootstrap5",
    "rest_framework",
    "drf_spectacular",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "tenants",
    "outbox",
    "wecom",
    "console",
    "team",
    "contacts",
    "content",
    "groups",
    "leads",
    "sop",
    "campaigns",
    "analytics",
    "scrm",
]

MIDDLEWARE = [
    "scrm.probes.ProbesFirst",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "campaigns.phone.admission.CrowdFirst",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tenants.middleware.UserLanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "tenants.middleware.TenantMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "scrm.urls"
WSGI_APPLICATION = "scrm.wsgi.application"
ASGI_APPLICATION = "scrm.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "console.pages.shell",
            ],
        },
    }
]

FORM_RENDERER = "console.form_html.QuickChoices"

# --- Databases. "default" is the application's role: neither owner nor superuser, so that row-level
# security binds it. "owner" is used by migrations only; both name the same database.
DATABASES = {
    "default": {
        **env.database("DATABASE_URL"),
        "CONN_MAX_AGE": env.number("QUNCE_DB_MAX_AGE_S", 60),
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
    },
    "owner": {**env.database("DATABASE_OWNER_URL"), "CONN_MAX_AGE": 0},
}
DATABASE_ROUTERS = ["tenants.routing.OwnerMigrates"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Campaigns' pages on phones: so many are served at once by each web process, so many more wait in line. Together
# fewer than its threads, so that callbacks and colleagues always find one.
PLAYS_AT_ONCE = env.number("QUNCE_PLAYS_AT_ONCE", 3)
PLAYS_IN_LINE = env.number("QUNCE_PLAYS_IN_LINE", 2)

REDIS_URL = env.required("REDIS_URL")
VALKEY_PREFIX = env.text("QUNCE_VALKEY_PREFIX", "qunce")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": VALKEY_PREFIX,
        "TIMEOUT": 300,
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

# --- Accounts
AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "console_public:home"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "tenants.forms.SignupForm"
ACCOUNT_ADAPTER = "tenants.adapters.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = env.text("QUNCE_EMAIL_VERIFICATION", "optional")
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/15m/key"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Qunce"
MFA_TOTP_TOLERANCE = 1  # one code before and after: a phone's clock is seldom right to the second
MFA_ALLOW_UNVERIFIED_EMAIL = ACCOUNT_EMAIL_VERIFICATION != "mandatory"
EMAIL_TIMEOUT = env.number("QUNCE_EMAIL_TIMEOUT_S", 15)
DEFAULT_FROM_EMAIL = env.text("QUNCE_FROM_EMAIL", "Qunce <no-reply@localhost>")

# --- Language and time: stored UTC, shown in the tenant's zone
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- Static files: our own, and the libraries that npm ci brings
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / ".local" / "static"
NODE_MODULES = BASE_DIR / "node_modules"
_LIBRARIES = {
    "lib/tabler": "@tabler/core/dist",
    "lib/tabler-icons": "@tabler/icons-webfont/dist",
    "lib/htmx": "htmx.org/dist",
    "lib/alpine": "@alpinejs/csp/dist",
    "lib/echarts": "echarts/dist",
    "lib/sortable": "sortablejs",
    "lib/tom-select": "tom-select/dist",
    "lib/wecom": "@wecom/jssdk/dist",
}
STATICFILES_DIRS: list[tuple[str, Path] | Path] = [
    BASE_DIR / "static",
    *((prefix, NODE_MODULES / path) for prefix, path in _LIBRARIES.items() if (NODE_MODULES / path).is_dir()),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
MEDIA_ROOT = BASE_DIR / ".local" / "media"

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
DJANGO_TABLES2_TEMPLATE = "console/_table.html"

# --- Security
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

# --- API
REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Qunce API",
    "VERSION": "1",
    "DESCRIPTION": "Events in. One API key belongs to one tenant.",
    "SERVE_INCLUDE_SCHEMA": False,
}

# --- Celery
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
# A worker keeps its database connection over this many tasks; scrm.celery checks it before each.
CELERY_DB_REUSE_MAX = 1000

LOG_LEVEL = env.text("QUNCE_LOG_LEVEL", "INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {"httpx": {"level": "WARNING"}, "django.server": {"level": "WARNING"}},
}
