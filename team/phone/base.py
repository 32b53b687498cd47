"""What every staff page on the phone stands on: who holds it, proved by WeCom, and for which tenant.

WeCom's OAuth names the userid; we keep the staff id in the server-side session, one entry a tenant, which expires.
Nothing is ever read from a query parameter but WeCom's own one-time code and our own random state.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views import View

from console.pages import refuse, render, with_toasts
from team.enums import PHONE_SESSION_HOURS
from team.errors import REFUSALS, SignInRefused
from team.models import Staff
from tenants import clock, preferences
from tenants.audit import Actor
from tenants.enums import Permission, Role
from tenants.errors import DomainError, NotPermitted
from tenants.models import Tenant
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope
from tenants.selectors import tenant_by_slug
from tenants.states import state_issue

_KEY = "phone.{tenant_id}"
STATE = "phone"
_WORTH_A_TRY = ("ended", "expired", "used", "declined", "unreachable")


@dataclass(frozen=True)
class Panel:
    """A part that an app above adds to a phone page: a template, what it needs (as `panel`), and its place."""

    template: str
    context: dict[str, Any] = field(default_factory=dict)
    order: int = 50


PanelProvider = Callable[..., Panel | None]
_panels: list[PanelProvider] = []


def register_customer_panel(provider: PanelProvider) -> None:
    """Show a part on the phone's customer page: `provider(request=, customer_id=) -> Panel | None`.

    `request` carries tenant, staff and actor. The same provider twice counts once.
    """
    if provider not in _panels:
        _panels.append(provider)


def customer_panels(*, request: HttpRequest, customer_id: int) -> list[Panel]:
    """What the apps above have to show of this customer."""
    made = [provider(request=request, customer_id=customer_id) for provider in _panels]
    return sorted((one for one in made if one is not None), key=lambda one: one.order)


def session_open(request: HttpRequest, *, tenant: Tenant, staff: Staff) -> None:
    """Remember who holds this phone, until the tenant's setting says otherwise. A new session key is made."""
    request.session.cycle_key()
    until = clock.now() + timedelta(hours=preferences.value(tenant.pk, PHONE_SESSION_HOURS))
    request.session[_KEY.format(tenant_id=tenant.pk)] = {"staff_id": staff.pk, "until": until.isoformat()}


def session_staff(request: HttpRequest, *, tenant: Tenant) -> Staff | None:
    """The active staff member of the session entry of this tenant, or None. Needs the tenant's scope."""
    entry = request.session.get(_KEY.format(tenant_id=tenant.pk))
    if not entry or datetime.fromisoformat(entry["until"]) <= clock.now():
        return None
    rows = Staff.objects.filter(tenant=tenant, pk=entry["staff_id"], is_active=True)
    return rows.select_related("membership").first()


def actor_of(staff: Staff) -> Actor:
    """The staff member, acting with the linked login's role, else with that of sales."""
    linked = staff.membership
    role = linked.role if linked is not None and linked.may_enter else Role.SALES
    return Actor.of_staff(staff.pk, str(staff), PERMISSIONS[role])


class ScopedPhoneView(View):
    """Finds the tenant of /m/<slug>/ and works in its scope; knows nobody yet."""

    request: Any

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        tenant = tenant_by_slug(kwargs.pop("phone_slug"))
        if tenant is None:
            raise Http404
        request.tenant = tenant  # type: ignore[attr-defined]
        with tenant_scope(tenant):
            try:
                return with_toasts(request, self.enter(request, *args, **kwargs))
            except SignInRefused as error:
                return self.stop_page(error.kind, error.status)
            except DomainError as error:
                return refuse(request, error)

    def enter(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return super().dispatch(request, *args, **kwargs)

    def url(self, name: str, **kwargs: Any) -> str:
        """A phone URL of the tenant in hand."""
        return reverse(name, kwargs={"phone_slug": self.request.tenant.slug, **kwargs})

    def stop_page(self, kind: str, status: int | None = None) -> HttpResponse:
        """A page that says plainly what is wrong and what to do; `kind` is a key of team.errors.REFUSALS."""
        about = REFUSALS[kind]
        context = {"about": about, "home": self.url("team_phone:tasks"), "retry": kind in _WORTH_A_TRY}
        name = "team/phone_stop.html"
        return render(self.request, name, context, partial=name, status=status or about.status)


class PhoneView(ScopedPhoneView):
    """Base of every staff page on the phone. request.staff, request.tenant and request.actor are there, in scope.

    A visitor not known yet goes through WeCom's OAuth and comes back to the page asked for; a form sent after the
    session ended is refused with 401. `write_permission` is asked for anything but reading.
    """

    write_permission: str = Permission.WORK

    def enter(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        staff = session_staff(request, tenant=request.tenant)  # type: ignore[attr-defined]
        if staff is None:
            return self._sign_in(request)
        request.staff, request.actor = staff, actor_of(staff)  # type: ignore[attr-defined]
        reads = request.method in {"GET", "HEAD", "OPTIONS"}
        if not reads and self.write_permission not in request.actor.permissions:  # type: ignore[attr-defined]
            raise NotPermitted
        return super().enter(request, *args, **kwargs)

    def _sign_in(self, request: HttpRequest) -> HttpResponseBase:
        if request.method != "GET" or getattr(request, "htmx", False):
            return self.stop_page("ended", 401)
        then = request.get_full_path()
        tenant_id = request.tenant.pk  # type: ignore[attr-defined]
        state = state_issue(request, purpose=STATE, tenant_id=tenant_id, then=then)
        return HttpResponseRedirect(f"{self.url('team_phone:login')}?state={state}")
