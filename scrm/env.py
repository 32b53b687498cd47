"""The only reader of the process environment.

Every value the product takes from outside is read here once, at import, and named in the README's table.
A missing or malformed value stops the process with one line that says which, and what to set.
"""

from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
_env = environ.Env()


def required(name: str) -> str:
    """A setting without a default. Raises ImproperlyConfigured naming it."""
    value = _env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set: see the configuration table in README.md")
    return value


def text(name: str, default: str = "") -> str:
    return _env.str(name, default=default)


def number(name: str, default: int) -> int:
    return _env.int(name, default=default)


def decimal(name: str, default: float) -> float:
    return _env.float(name, default=default)


def flag(name: str, *, default: bool = False) -> bool:
    return _env.bool(name, default=default)


def names(name: str, default: list[str]) -> list[str]:
    return _env.list(name, default=default)


def database(name: str) -> dict:
    """A database from a URL, as Django wants it."""
    return dict(_env.db_url_config(required(name)))


def mail() -> dict:
    """Django's EMAIL_* settings from EMAIL_URL, for example smtp+tls://user:pass@host:587."""
    return dict(_env.email_url_config(required("EMAIL_URL")))
