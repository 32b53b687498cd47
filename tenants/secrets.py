"""Secrets at rest: encrypted with the platform's field keys, never logged, decrypted only where used."""

import hashlib
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


@cache
def _box(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise ImproperlyConfigured("QUNCE_FIELD_KEY is not set: see the configuration table in README.md")
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(plain: str) -> str:
    """Text in, Fernet token out."""
    return _box(tuple(settings.FIELD_KEYS)).encrypt(plain.encode()).decode()


def decrypt(token: str) -> str:
    """Raises ImproperlyConfigured when no configured key fits: a lost key, not a bad request."""
    try:
        return _box(tuple(settings.FIELD_KEYS)).decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise ImproperlyConfigured("no key in QUNCE_FIELD_KEY opens a stored secret") from error


def digest(token: str) -> str:
    """SHA-256 hex of a random token: what we keep of API keys and invitation links."""
    return hashlib.sha256(token.encode()).hexdigest()


class SecretField(models.TextField):
    """Text that the database only ever sees encrypted. Empty stays empty. Cannot be filtered on."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return decrypt(value) if value else value

    def get_prep_value(self, value: Any) -> Any:
        return encrypt(str(value)) if value else value
