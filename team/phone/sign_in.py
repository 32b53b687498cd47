"""Signing in on the phone: to WeCom and back."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase

from team.phone.base import ScopedPhoneView, session_open, state_issue, state_take
from team.selectors import staff_by_userid
from wecom.errors import WecomError
from wecom.selectors import app_current, oauth_identity, oauth_url


class LoginView(ScopedPhoneView):
    """Sends the browser to WeCom, which answers with a one-time code."""

    def get(self, request: HttpRequest) -> HttpResponse:
        tenant = self.request.tenant
        app = app_current(tenant_id=tenant.pk)
        if app is None:
            return self.say("unconnected", 503)
        state = request.GET.get("state", "")
        then = state_take(request, tenant=tenant, state=state) or self.url("team_phone:tasks")
        state = state_issue(request, tenant=tenant, then=then)
        back = f"{settings.PUBLIC_URL}{self.url('team_phone:oauth')}"
        return HttpResponseRedirect(oauth_url(app=app, redirect_uri=back, state=state))


class OAuthView(ScopedPhoneView):
    """Takes WeCom's code, asks WeCom whose it is, and opens the session of that staff member."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        tenant = self.request.tenant
        then = state_take(request, tenant=tenant, state=request.GET.get("state", ""))
        app = app_current(tenant_id=tenant.pk)
        if then is None or app is None:
            return self.say("ended", 400)
        try:
            who = oauth_identity(app=app, code=request.GET.get("code", ""))
        except WecomError:
            return self.say("ended", 400)
        staff = who.userid and staff_by_userid(tenant_id=tenant.pk, userid=who.userid, app_id=app.pk)
        if not staff or not staff.is_active:
            return self.say("stranger", 403)
        session_open(request, tenant=tenant, staff=staff)
        return HttpResponseRedirect(then)
