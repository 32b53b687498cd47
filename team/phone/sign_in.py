"""Signing in on the phone: to WeCom and back."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase

from team.errors import SignInRefused
from team.phone.base import STATE, ScopedPhoneView, session_open
from team.viewer import staff_by_code
from tenants.states import state_issue, state_take
from wecom.selectors import app_current, oauth_url


class LoginView(ScopedPhoneView):
    """Sends the browser to WeCom, which answers with a one-time code."""

    def get(self, request: HttpRequest) -> HttpResponse:
        tenant = self.request.tenant
        app = app_current(tenant_id=tenant.pk)
        if app is None:
            raise SignInRefused("unconnected")
        place = {"purpose": STATE, "tenant_id": tenant.pk}
        then = state_take(request, **place, state=request.GET.get("state", ""))
        state = state_issue(request, **place, then=then or self.url("team_phone:tasks"))
        back = f"{settings.PUBLIC_URL}{self.url('team_phone:oauth')}"
        return HttpResponseRedirect(oauth_url(app=app, redirect_uri=back, state=state))


class OAuthView(ScopedPhoneView):
    """Takes WeCom's code, asks WeCom whose it is, and opens the session of that staff member."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        tenant = self.request.tenant
        state = request.GET.get("state", "")
        then = state_take(request, purpose=STATE, tenant_id=tenant.pk, state=state)
        app = app_current(tenant_id=tenant.pk)
        if then is None or app is None:
            raise SignInRefused("expired" if app is not None else "unconnected")
        staff = staff_by_code(app=app, code=request.GET.get("code", ""))
        session_open(request, tenant=tenant, staff=staff)
        return HttpResponseRedirect(then)
