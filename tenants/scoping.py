"""Which tenant this code is working for: the second and third net of isolation.

`tenant_scope(tenant)` opens both at once. django-scopes makes unscoped use of a `TenantModel` raise; the
connection setting `qunce.tenant` makes PostgreSQL's row-level security hide every other tenant's rows, also
from raw SQL. Without a scope the ORM raises and the database shows nothing.

`unscoped(reason)` is the only bypass. It switches the connection to the role `qunce_platform`, exists for
claiming work across tenants, and its uses are counted by a test: their number may only fall.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from django.core.exceptions import PermissionDenied
from django.db import connection, models
from django_scopes import ScopedManager, scope, scopes_disabled
from django_scopes.exceptions import ScopeError
from django_scopes.manager import DisabledQuerySet

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from tenants.models import Tenant

log = structlog.get_logger(__name__)

PLATFORM_ROLE = "qunce_platform"


class CrossTenantError(PermissionDenied):
    """A row of one tenant was about to be tied to another's, or written outside any scope."""


@dataclass(frozen=True)
class _Reach:
    """What the connection may see. No tenant and not everywhere: nothing."""

    tenant_id: int | None = None
    everywhere: bool = False


_NOTHING = _Reach()
_reach: ContextVar[_Reach] = ContextVar("tenant_reach", default=_NOTHING)


def current_tenant_id() -> int | None:
    """The id of the tenant in scope, or None."""
    return _reach.get().tenant_id


def apply_reach(wrapper: "BaseDatabaseWrapper") -> None:
    """Tell a connection whose rows it may see. Called on scope changes and on every new connection."""
    reach = _reach.get()
    if wrapper.connection is None or wrapper.alias != "default":
        return  # a connection made later asks for itself
    if wrapper.in_atomic_block and wrapper.needs_rollback:
        return  # the rollback restores the setting of before the block
    role = PLATFORM_ROLE if reach.everywhere else "none"
    tenant = "" if reach.tenant_id is None else str(reach.tenant_id)
    raw = wrapper.connection.cursor()
    try:
        raw.execute(
            "select set_config('role', %s, false), set_config('qunce.tenant', %s, false)", [role, tenant]
        )
    finally:
        raw.close()


@contextmanager
def _reaching(reach: _Reach) -> Iterator[None]:
    token = _reach.set(reach)
    try:
        apply_reach(connection)
        yield
    finally:
        _reach.reset(token)
        _restore()


def _restore() -> None:
    """Give the connection back its former reach; one that cannot be told is closed rather than left open wide."""
    try:
        apply_reach(connection)
    except Exception:
        if connection.in_atomic_block:
            connection.needs_rollback = True
        else:
            connection.close()


@contextmanager
def tenant_scope(tenant: "Tenant | int") -> Iterator[None]:
    """Work for one tenant. Nesting the same tenant is free; another tenant inside is a CrossTenantError."""
    tenant_id = tenant if isinstance(tenant, int) else tenant.pk
    present = _reach.get()
    if present.tenant_id == tenant_id and not present.everywhere:
        yield
        return
    if present.tenant_id is not None and not present.everywhere:
        raise CrossTenantError(f"scope of tenant {tenant_id} inside that of {present.tenant_id}")
    with scope(tenant=tenant_id), _reaching(_Reach(tenant_id=tenant_id)):
        yield


@contextmanager
def unscoped(reason: str) -> Iterator[None]:
    """See all tenants: to claim work, or for the platform's own staff. The reason is logged."""
    log.debug("unscoped", reason=reason)
    with scopes_disabled(), _reaching(_Reach(everywhere=True)):
        yield


class _ClosedQuerySet(DisabledQuerySet):
    """Without a scope nothing works; django-scopes 2.1 leaves these open."""

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise ScopeError("open a tenant scope before using a tenant's table")

    exists = bulk_create = bulk_update = contains = explain = raw = in_bulk = iterator = _refuse
    aexists = abulk_create = update_or_create = get_or_create = _refuse


class TenantQuerySet(models.QuerySet):
    """Writes check that the row belongs to the tenant in scope."""

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> Any:
        rows = list(objs)
        for row in rows:
            row.check_tenant()
        return super().bulk_create(rows, *args, **kwargs)


_ScopedManager: Any = type(
    ScopedManager(tenant="tenant", _manager_class=models.Manager.from_queryset(TenantQuerySet))
)


class TenantManager(_ScopedManager):
    """django-scopes' manager over the dimension `tenant`, with its holes shut."""

    def get_queryset(self) -> models.QuerySet:
        queryset = super().get_queryset()
        if isinstance(queryset, DisabledQuerySet):
            return _ClosedQuerySet(self.model, using=self._db, missing_scopes={"tenant"})
        return queryset


class TenantModel(models.Model):
    """Base of every tenant table: own tenant key, fail-closed manager, checked writes, row-level security.

    A migration that creates a subclass ends with `tenants.rls.protect(...)`; a test finds those that do not.
    """

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="+", db_index=False)

    objects = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def check_tenant(self) -> None:
        """Raises CrossTenantError when this row is not of the tenant in scope."""
        reach = _reach.get()
        if reach.everywhere:
            return
        if reach.tenant_id is None or self.tenant_id != reach.tenant_id:
            raise CrossTenantError(
                f"{type(self).__name__} of tenant {self.tenant_id} in scope {reach.tenant_id}"
            )

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.check_tenant()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        self.check_tenant()
        return super().delete(*args, **kwargs)
