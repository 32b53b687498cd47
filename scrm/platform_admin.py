"""Operations across tenants, for the platform's own staff under /admin/: one row a tenant, and each one's page.

Counts, codes and times only: nothing that anybody wrote is shown here.
"""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenants import clock
from tenants.models import Tenant
from tenants.scoping import tenant_scope, unscoped
from wecom.operations import platform
from wecom.operations.board import board
from wecom.operations.shape import State

_ORDER = (State.BROKEN, State.LOOK, State.GOOD, State.IDLE)
_SORTS: dict[str, Any] = {
    "state": lambda row: _ORDER.index(row.state),
    "name": lambda row: row.tenant.name,
    "dead": lambda row: -row.dead,
    "failed": lambda row: -row.failed,
    "parked": lambda row: -row.parked,
    "reactions": lambda row: -row.reactions_dead,
    "waiting": lambda row: -row.waiting_s,
    "last": lambda row: row.last_at.timestamp() if row.last_at else 0,
}


def _context(request: HttpRequest, **more: Any) -> dict[str, Any]:
    return {**admin.site.each_context(request), **more}


@require_safe
def _index(request: HttpRequest) -> HttpResponse:
    """Every tenant with its worst state, the worst first; `?sort=` by any column."""
    now, sort = clock.now(), request.GET.get("sort", "state")
    with unscoped("the platform's staff look at the state of all tenants"):
        rows = platform.rows(now)
    rows.sort(key=_SORTS.get(sort, _SORTS["state"]))
    wanting = sum(row.state in (State.BROKEN, State.LOOK) for row in rows)
    return render(
        request, "admin/operations.html", _context(request, rows=rows, sort=sort, wanting=wanting, now=now)
    )


@require_safe
def _detail(request: HttpRequest, tenant_id: int) -> HttpResponse:
    """What the tenant's own administrator sees, without what could be pressed there."""
    tenant = Tenant.objects.filter(pk=tenant_id).first()
    if tenant is None:
        raise Http404
    with tenant_scope(tenant):
        made = board(tenant)
    return render(request, "admin/operations_tenant.html", _context(request, shown=tenant, board=made))


index = admin.site.admin_view(_index)
detail = admin.site.admin_view(_detail)
