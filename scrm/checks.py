"""Boot checks: what must hold before the first request. Each says what to do."""

from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connection

from tenants.scoping import TenantModel

# Tables that belong to no tenant: the platform's own, Django's and allauth's.
PLATFORM_APPS = {
    "admin", "auth", "contenttypes", "sessions", "account", "mfa", "django_celery_beat",
}  # fmt: skip
PLATFORM_MODELS = {"tenants.user", "tenants.tenant"}


@register()
def tables_are_scoped(**kwargs: Any) -> list[CheckMessage]:
    """Every table of ours derives from TenantModel."""
    return [
        Error(
            f"{model._meta.label} has no tenant",
            hint="Derive it from tenants.scoping.TenantModel and protect() its table in the migration.",
            id="scrm.E001",
        )
        for model in apps.get_models()
        if model._meta.app_label not in PLATFORM_APPS
        and model._meta.label_lower not in PLATFORM_MODELS
        and not model._meta.label_lower.startswith("tenants.user_")
        and not issubclass(model, TenantModel)
    ]


@register(Tags.database)
def application_role_is_bound(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Row-level security binds only a role that is neither superuser nor able to bypass it."""
    if not databases or "default" not in databases:
        return []
    with connection.cursor() as cursor:
        cursor.execute("select rolsuper or rolbypassrls from pg_roles where rolname = session_user")
        if cursor.fetchone()[0]:
            return [
                Warning(
                    "DATABASE_URL connects as a superuser: tenants are not kept apart by the database",
                    hint="Connect as a role with NOSUPERUSER NOBYPASSRLS that does not own the tables.",
                    id="scrm.W001",
                )
            ]
    return []
